"""
What events named and nobody had uploaded when they came, so that they can be looked at again.

One row for each build that a project's events come from. A debug id that is uploaded before its first
event, which is the usual order, never has one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.json_rows import json_rows

# An upload is a transaction of seconds, and digest remembers for seconds that something is missing:
# only after this are all events of it either mapped on their way or among those looked at again.
SETTLE = timedelta(seconds=10)


class AwaitedKey(NamedTuple):
    """What is awaited: a debug id, any file of a release, or a debug file."""

    project_id: uuid.UUID
    kind: str
    name: str


class Moments(NamedTuple):
    """When the first and the last such event was received."""

    first: datetime
    last: datetime


class _Row(msgspec.Struct):
    project_id: uuid.UUID
    kind: str
    name: str
    first_at: datetime
    last_at: datetime


# In the order of the key, so that two digesters never wait for each other. A project that is gone
# awaits nothing.
_NOTE = """
    INSERT INTO awaited_artifacts AS a (project_id, kind, name, first_at, last_at)
    SELECT new.project_id, new.kind, new.name, new.first_at, new.last_at
    FROM json_to_recordset(%s::json) AS new(
        project_id uuid, kind text, name text, first_at timestamptz, last_at timestamptz)
    WHERE EXISTS (SELECT FROM projects AS p WHERE p.id = new.project_id)
    ON CONFLICT (project_id, kind, name) DO UPDATE SET
        first_at = least(a.first_at, excluded.first_at),
        last_at = greatest(a.last_at, excluded.last_at)
"""

# What has come, by the indexes of the tables of uploads: each row of the small table looks once.
_ARRIVED = """
    SELECT w.project_id, w.kind, w.name FROM awaited_artifacts AS w
    WHERE w.arrived_at IS NULL AND CASE w.kind
        WHEN 'debug_id' THEN EXISTS (
            SELECT FROM artifacts AS a
            WHERE a.project_id = w.project_id AND a.debug_id = w.name::uuid
                AND a.type = 'source_map')
        WHEN 'release' THEN EXISTS (
            SELECT FROM artifacts AS a
            WHERE a.project_id = w.project_id AND a.release = w.name AND a.type = 'source_map')
        ELSE EXISTS (
            SELECT FROM debug_files AS d
            WHERE d.project_id = w.project_id AND d.debug_id = w.name)
    END
"""


def note_awaited(conn: Connection[TupleRow], awaited: Mapping[AwaitedKey, Moments]) -> None:
    """Remember what events of a batch lacked; the caller commits."""
    if not awaited:
        return
    rows = json_rows(
        _Row(*key, first_at=awaited[key].first, last_at=awaited[key].last)
        for key in sorted(awaited)
    )
    conn.execute(_NOTE, (rows,))


def mark_arrived(conn: Connection[TupleRow], now: datetime) -> int:
    """Mark what has been uploaded meanwhile; returns how much it is."""
    marked = conn.execute(
        f"""
        UPDATE awaited_artifacts AS a SET arrived_at = %s FROM ({_ARRIVED}) AS found
        WHERE (a.project_id, a.kind, a.name) = (found.project_id, found.kind, found.name)
        """,
        (now,),
    )
    return marked.rowcount


def list_settled(conn: Connection[TupleRow], now: datetime) -> list[tuple[AwaitedKey, Moments]]:
    """What arrived some time ago, and from when to when its events were received."""
    rows = conn.execute(
        """
        SELECT project_id, kind, name, first_at, last_at FROM awaited_artifacts
        WHERE arrived_at <= %s ORDER BY arrived_at
        """,
        (now - SETTLE,),
    )
    return [(AwaitedKey(*row[:3]), Moments(*row[3:])) for row in rows]


def narrow_awaited(conn: Connection[TupleRow], key: AwaitedKey, until: datetime) -> None:
    """Its events that were received after this were looked at again."""
    conn.execute(
        "UPDATE awaited_artifacts SET last_at = greatest(first_at, %s)"
        " WHERE (project_id, kind, name) = (%s, %s, %s)",
        (until, *key),
    )


def forget_awaited(conn: Connection[TupleRow], key: AwaitedKey) -> None:
    """Its events were looked at again."""
    conn.execute("DELETE FROM awaited_artifacts WHERE (project_id, kind, name) = (%s, %s, %s)", key)
