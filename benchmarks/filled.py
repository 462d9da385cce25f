"""A Mesher that has a million events, for benchmarks that read; filling it takes minutes."""

from __future__ import annotations

import contextlib
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

from mesher.storage.connection import connect
from mesher_up import Mesher, temporary_folder
from seed import seed
from surroundings import add_surroundings


@contextlib.contextmanager
def kept_folder(kept: Path | None) -> Iterator[Path]:
    """A folder that stays, or without one a temporary one."""
    if kept is None:
        with temporary_folder() as folder:
            yield folder
    else:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept


def fill(mesher: Mesher, *, events: int, issues: int) -> None:
    """Store the events, unless a run before this one has stored as many or more."""
    project_id = uuid.UUID(mesher.ready["project_id"])
    with connect(mesher.ready["database_url"], application_name="seed") as conn:
        [stored] = conn.execute("SELECT count(*) FROM event_ids").fetchone() or [0]
        if stored == 0:
            seed(conn, project_id, events=events, issues=issues, days=30)
            add_surroundings(conn, project_id)
        elif stored < events:
            sys.exit(f"the folder has {stored} events; name another, or --events {stored}")
