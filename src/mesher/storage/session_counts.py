"""How sessions of each release ended, added up by the hour they began in."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.protocol.session import ENDINGS, SessionCount
from mesher.storage.ledger import OutcomeKey, hour_of

_COLUMNS = ", ".join(ENDINGS)


class NewSessions(msgspec.Struct, kw_only=True):
    """What one item says of sessions."""

    project_id: uuid.UUID
    received_at_us: int
    counts: list[SessionCount]


class _Row(NamedTuple):
    project_id: uuid.UUID
    hour: datetime
    release: str
    environment: str


def add_sessions(conn: Connection[TupleRow], items: Iterable[NewSessions]) -> Iterator[OutcomeKey]:
    """Add the counts of items, in the order of the key, and tell that each is stored."""
    sums: dict[_Row, Counter[str]] = {}
    for item in items:
        for count in item.counts:
            hour = hour_of(int(count.started_at * 1e6))
            row = _Row(item.project_id, hour, count.release, count.environment)
            sums.setdefault(row, Counter()).update(count.endings)
        hour = hour_of(item.received_at_us)
        yield OutcomeKey(item.project_id, hour, "session", "stored", "")
    for row in sorted(row for row, endings in sums.items() if endings):
        conn.execute(
            f"""
            INSERT INTO session_counts AS s
                (project_id, hour, release, environment, {_COLUMNS})
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (project_id, hour, release, environment) DO UPDATE
            SET {", ".join(f"{name} = s.{name} + excluded.{name}" for name in ENDINGS)}
            """,
            (*row, *(sums[row][name] for name in ENDINGS)),
        )
