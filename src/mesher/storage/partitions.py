"""
The daily partitions of ``events``: ``events_YYYYMMDD`` holds ``[day, day + 1)`` in UTC.

They are made while the service runs, by whichever process comes first.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

# Two nodes that make partitions at once take turns. The number means nothing but itself.
_ADVISORY_LOCK = 0x6D65_7368_0002
# How long dropping may wait for readers of the partition; ingestion waits behind it as long.
DROP_LOCK_TIMEOUT_MS = 1000
_NAME = re.compile(r"events_(\d{4})(\d\d)(\d\d)")


def partition_name(day: date) -> str:
    """The table that holds a day's events."""
    return f"events_{day:%Y%m%d}"


def partition_days(conn: psycopg.Connection[TupleRow]) -> list[date]:
    """The days that have a partition, in order."""
    rows = conn.execute(
        """
        SELECT child.relname FROM pg_inherits
        JOIN pg_class AS child ON child.oid = inhrelid
        WHERE inhparent = 'events'::regclass
        """
    ).fetchall()
    names = (_NAME.fullmatch(name) for (name,) in rows)
    return sorted(date(*map(int, name.groups())) for name in names if name)


def make_partitions(conn: psycopg.Connection[TupleRow], day: date, *, days_ahead: int = 7) -> None:
    """
    Make the partitions from ``day`` to ``days_ahead`` days later; those that exist are left alone.

    Args:
        conn: in autocommit mode.
    """
    wanted = {day + timedelta(days=ahead) for ahead in range(days_ahead + 1)}
    if wanted <= set(partition_days(conn)):
        return
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(%s)", (_ADVISORY_LOCK,))
        for missing in sorted(wanted - set(partition_days(conn))):
            _make_partition(conn, missing)


def _make_partition(conn: psycopg.Connection[TupleRow], day: date) -> None:
    # Made apart and then attached: CREATE TABLE ... PARTITION OF would wait for every reader of
    # events, with all ingestion waiting behind it. ATTACH goes on beside reads and writes.
    name = sql.Identifier(partition_name(day))
    begin = datetime.combine(day, time(), UTC)
    conn.execute(sql.SQL("CREATE TABLE {} (LIKE events INCLUDING ALL)").format(name))
    conn.execute(
        sql.SQL("ALTER TABLE events ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            name,
            sql.Literal(begin.isoformat()),
            sql.Literal((begin + timedelta(days=1)).isoformat()),
        )
    )


def drop_partition(conn: psycopg.Connection[TupleRow], day: date) -> None:
    """
    Remove a day's events as a whole; nothing happens if there is no such partition.

    Args:
        conn: in autocommit mode.

    Raises:
        psycopg.errors.LockNotAvailable: someone reads it for longer than ``DROP_LOCK_TIMEOUT_MS``;
            try later.
    """
    with conn.transaction():
        conn.execute(f"SET LOCAL lock_timeout = {DROP_LOCK_TIMEOUT_MS}")
        conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(partition_name(day))))
