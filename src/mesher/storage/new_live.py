"""The log of what happened lately, as it is written, numbered and forgotten."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString

import msgspec
from psycopg import AsyncConnection, Connection
from psycopg.rows import TupleRow

from mesher.storage.json_rows import json_rows
from mesher.storage.ledger import moment_of
from mesher.storage.new_events import NewEvent

CHANNEL: Final = "mesher_live"
# Who comes back within this time misses nothing. A day's events at full speed are a gigabyte of
# ids, ten minutes of them some megabytes.
KEPT_MINUTES: Final = 10
# Any number that nothing else in the database locks by.
_NUMBERING_LOCK: Final = 0x6D657368_6C697665

_INSERT: LiteralString = """
    INSERT INTO live_log (project_id, kind, ids, received_from, received_until)
    SELECT project_id, 'event', ids, received_from, received_until
    FROM json_to_recordset(%s::json) AS new(
        project_id uuid, ids uuid[], received_from timestamptz, received_until timestamptz)
"""

# Rows get their numbers after they were committed, by one session at a time: who has read up to a
# number will find no smaller one later, in whatever order transactions began and ended.
_LOCK: LiteralString = "SELECT pg_advisory_xact_lock(%s)"
_NUMBER: LiteralString = """
    UPDATE live_log AS l SET number = waiting.number
    FROM (SELECT id, nextval('live_numbers') AS number
          FROM (SELECT id FROM live_log WHERE number IS NULL ORDER BY id) AS in_order) AS waiting
    WHERE l.id = waiting.id
"""

# By idx_live_log_at.
_FORGET: LiteralString = "DELETE FROM live_log WHERE at < now() - make_interval(mins => %s)"


class _Arrived(msgspec.Struct):
    project_id: uuid.UUID
    ids: list[uuid.UUID]
    received_from: datetime
    received_until: datetime


def note_events(conn: Connection[TupleRow], events: Sequence[NewEvent]) -> None:
    """Tell watchers of new events, once the caller has committed them."""
    if not events:
        return
    arrived: dict[uuid.UUID, list[NewEvent]] = {}
    for event in sorted(events, key=lambda one: one.received_at_us):
        arrived.setdefault(event.project_id, []).append(event)
    rows = [
        _Arrived(
            project_id,
            [event.id for event in its],
            moment_of(its[0].received_at_us),
            moment_of(its[-1].received_at_us),
        )
        for project_id, its in arrived.items()
    ]
    # Arrays in JSON are read as PostgreSQL's own.
    conn.execute(_INSERT, (json_rows(rows),))
    conn.execute("NOTIFY mesher_live")


async def number_rows(conn: AsyncConnection[TupleRow]) -> None:
    """Number what has been committed since; several may call it at once."""
    async with conn.transaction():
        await conn.execute(_LOCK, (_NUMBERING_LOCK,))
        await conn.execute(_NUMBER)


def forget_old_rows(conn: Connection[TupleRow]) -> int:
    """Remove what nobody can come back to any more; how many rows."""
    return conn.execute(_FORGET, (KEPT_MINUTES,)).rowcount
