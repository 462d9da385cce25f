"""Which problems of monitors have become events already."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final, LiteralString

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from mesher.storage.last_check_ins import LastCheckIn

# A failure that was reported while nobody looked for as long is history.
LATEST: Final = timedelta(days=1)
# Of one look; the next one goes on.
MAX_FAILED: Final = 1000

_RUNS: LiteralString = """
           m.project_id, m.slug, m.config, c.environment, c.status, c.started_at, c.received_at,
           c.release
    FROM monitors AS m JOIN check_ins AS c ON c.project_id = m.project_id AND c.slug = m.slug
"""
# By monitors_pkey, and of each environment by idx_check_ins_monitor.
_LATEST: LiteralString = f"""
    SELECT DISTINCT ON (m.project_id, m.slug, c.environment) {_RUNS}
    ORDER BY m.project_id, m.slug, c.environment, c.started_at DESC
"""
# Failed runs that are no event yet, the latest of a monitor or not; by idx_check_ins_received.
_FAILED: LiteralString = f"""
    SELECT {_RUNS}
    WHERE c.status = 'error' AND c.received_at > %(since)s AND NOT EXISTS (
        SELECT FROM monitor_problems AS n
        WHERE (n.project_id, n.slug, n.environment, n.kind, n.started_at)
            = (c.project_id, c.slug, c.environment, 'failed', c.started_at)
    )
    ORDER BY c.received_at
    LIMIT %(limit)s
"""
_NOTE: LiteralString = """
    INSERT INTO monitor_problems
        (project_id, slug, environment, kind, started_at, event_id, noted_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT DO NOTHING
"""


class RunOfProject(LastCheckIn, frozen=True, kw_only=True):
    """A run of a monitor of any project."""

    project_id: uuid.UUID
    release: str


def list_latest_runs(conn: Connection[TupleRow]) -> list[RunOfProject]:
    """The latest run of each monitor in each of its environments."""
    return _runs(conn, _LATEST, {})


def list_failed_runs(conn: Connection[TupleRow], now: datetime) -> list[RunOfProject]:
    """Some of the latest runs that failed and are not noted, the oldest first."""
    return _runs(conn, _FAILED, {"since": now - LATEST, "limit": MAX_FAILED})


def note_problem(
    conn: Connection[TupleRow],
    run: RunOfProject,
    *,
    kind: str,
    at: datetime,
    event_id: uuid.UUID,
    now: datetime,
) -> bool:
    """
    Note that a problem becomes this event; whether nobody else has, in a transaction that commits.

    Args:
        conn: the caller commits, with the event.
        run: of which monitor.
        kind: failed, missed or overlong.
        at: of the run, or when there should have been one.
        event_id: of the event.
        now: the clock.
    """
    values = (run.project_id, run.slug, run.environment, kind, at, event_id, now)
    return conn.execute(_NOTE, values).rowcount == 1


def _runs(
    conn: Connection[TupleRow], query: LiteralString, values: dict[str, object]
) -> list[RunOfProject]:
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, values).fetchall()
    return [msgspec.convert(row, RunOfProject) for row in rows]
