"""The shared Mesher with the projects that the tables send to."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from acceptance.contract.table import (
    CLOSED_KEY,
    CLOSED_NUMBER,
    EVENT,
    KEY,
    NUMBER,
    REVOKED_KEY,
    at,
    envelope,
)
from acceptance.mesher_process import MesherProcess, wait_for


@pytest.fixture(scope="session")
def client(mesher: MesherProcess) -> Iterator[httpx.Client]:
    """Sends to the shared Mesher, which knows all keys."""
    _add_project(mesher, NUMBER, settings="{}")
    _add_key(mesher, NUMBER, KEY)
    _add_key(mesher, NUMBER, REVOKED_KEY, revoked_at="2026-01-01")
    _add_project(mesher, CLOSED_NUMBER, settings='{"key_events_per_window": 0}')
    _add_key(mesher, CLOSED_NUMBER, CLOSED_KEY)
    with httpx.Client(base_url=mesher.ready["url"]) as client:
        path = at("envelope", number=CLOSED_NUMBER, key=CLOSED_KEY)
        body = envelope(("event", EVENT))
        # Keys are read together, so the last one stands for all.
        wait_for("the keys", lambda: client.post(path, content=body).status_code == 429)
        yield client


def _add_project(mesher: MesherProcess, number: int, *, settings: str) -> None:
    mesher.query(
        """
        INSERT INTO projects (org_id, name, number, ingest_settings) OVERRIDING SYSTEM VALUE
        SELECT org_id, %s, %s, %s FROM projects WHERE id = %s
        RETURNING id
        """,
        f"contract {number}",
        number,
        settings,
        mesher.ready["project_id"],
    )


def _add_key(
    mesher: MesherProcess, number: int, key: str, *, revoked_at: str | None = None
) -> None:
    mesher.query(
        """
        INSERT INTO api_keys (project_id, key_value, revoked_at)
        SELECT id, %s, %s FROM projects WHERE number = %s
        RETURNING id
        """,
        f"mshr_{key}",
        revoked_at,
        number,
    )
