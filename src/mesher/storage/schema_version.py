"""
Which revision a database is at, and which ones this Mesher knows.

History is one line, and each migration is the file ``<revision>.py`` whose name begins with its
time, so the sorted file names are the history. Reading them here spares every process that only
checks the schema from loading Alembic.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from mesher.errors import SetupError

VERSIONS = Path(__file__).parent.parent / "migrations" / "versions"


def known_revisions() -> list[str]:
    """All revisions of this Mesher, oldest first."""
    return sorted(path.stem for path in VERSIONS.glob("*.py"))


def current_revision(conn: psycopg.Connection[TupleRow]) -> str | None:
    """The revision that the database is at; ``None`` when nothing was migrated yet."""
    if not conn.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchall()[0][0]:
        return None
    found = conn.execute("SELECT version_num FROM alembic_version").fetchone()
    return found[0] if found else None


def check_schema(conn: psycopg.Connection[TupleRow]) -> None:
    """
    Make sure that the database is at the newest revision.

    Raises:
        SetupError: it is behind (names ``mesher migrate up``), or ahead of this Mesher.
        psycopg.OperationalError: the database is away.
    """
    current, known = current_revision(conn), known_revisions()
    if current == known[-1]:
        return
    if current is not None and current not in known:
        raise SetupError(
            f"the database is at revision {current}, which this Mesher does not know",
            hint="it was migrated by a newer release: run that one",
        )
    raise SetupError(
        f"the database is at revision {current or 'base (empty)'}; this Mesher needs {known[-1]}",
        hint="run: mesher migrate up",
    )
