"""Rows of events, stored as the digest process stores them, for tests of what storage makes of them."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime

import psycopg

from mesher.storage.ingest_batch import Batch, store_batch
from mesher.storage.ledger import OutcomeKey, hour_of
from mesher.storage.new_events import NewEvent

NOW = datetime.now(UTC)
NOW_US = int(NOW.timestamp() * 1e6)
PROJECT = uuid.UUID(int=1)
OTHER_PROJECT = uuid.UUID(int=2)


def new_event(fingerprint: str = "f", **changes) -> NewEvent:
    values = {
        "id": uuid.uuid4(),
        "project_id": PROJECT,
        "received_at_us": NOW_US,
        "category": "error",
        "fingerprint": fingerprint,
        "title": f"title of {fingerprint}",
        "culprit": "app.views in index",
        "platform": "python",
        "grouping": b"{}",
        "level": "error",
        "message": "it broke",
        "exception": b'[{"type":"ValueError"}]',
        "stacktrace": None,
        "breadcrumbs": None,
        "tags": b'{"level":"error"}',
        "extra": b"{}",
        "user_context": None,
        "sdk_name": None,
        "sdk_version": None,
        "payload": b"packed",
    }
    return NewEvent(**{**values, **changes})


def store(conn, *events: NewEvent, **changes) -> None:
    """Store the events as one batch of a shard of its own."""
    accepted = Counter(
        OutcomeKey(event.project_id, hour_of(event.received_at_us), "error", "accepted", "")
        for event in events
    )
    batch = Batch(
        shard_id=uuid.uuid4(), after=0, position=1, events=list(events), outcomes=accepted
    )
    for name, value in changes.items():
        setattr(batch, name, value)
    with conn.transaction():
        store_batch(conn, batch)


def issue(conn, fingerprint: str = "f"):
    cursor = conn.cursor(row_factory=psycopg.rows.namedtuple_row)
    return cursor.execute("SELECT * FROM issues WHERE fingerprint = %s", (fingerprint,)).fetchone()


def check_hourly_counts(conn) -> None:
    """What is counted by hour is what is stored; nothing of it was removed by retention."""
    by_hour = "date_trunc('hour', received_at, 'UTC')"
    for counted, stored in (
        (
            "SELECT issue_id, hour, events FROM issue_counts WHERE events <> 0",
            f"SELECT issue_id, {by_hour}, count(*) FROM events GROUP BY 1, 2",
        ),
        (
            "SELECT project_id, hour, level, events FROM project_counts",
            f"SELECT project_id, {by_hour}, level, count(*) FROM events GROUP BY 1, 2, 3",
        ),
    ):
        assert set(conn.execute(counted).fetchall()) == set(conn.execute(stored).fetchall())
