"""
Retention: removes what is older than its project's ``retention_days``, and what is left of uploads.
Issues and releases stay.

A day that is older than every project's retention is dropped as a whole partition, which costs
nothing per event. What is left goes in batches, each a transaction of its own, so that no lock is
held for long and a run that is ended half-way has lost nothing. All ages count from
``received_at``, the server's clock: a client with a wrong one can neither keep nor delete events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, LiteralString, NamedTuple

import psycopg
import structlog
from psycopg import sql
from psycopg.rows import TupleRow

from mesher.storage.partitions import drop_partition, partition_days, partition_name

# Rows of one transaction: some tens of milliseconds.
BATCH_ROWS = 5000
# Records that could not be digested hold what clients sent, secrets included: kept for as long as it
# takes to repair what stopped them, and to replay them.
QUARANTINE_DAYS = 14
# Of projects that do not exist (any more); the column's default.
DEFAULT_RETENTION_DAYS = 90
# Of one organisation's uploads, compressed, in bytes: source maps of some thousand builds. They are
# in the database and its backups.
MAX_ARTIFACT_BYTES = 20 * 1024**3
# Longer than an event waits for a source map that was forgotten.
AWAITED_DAYS = 14

log = structlog.get_logger(__name__)


class Removed(NamedTuple):
    """What one step of retention removed."""

    table: str  # for a day of events the name of its partition
    rows: int | None  # None: the partition as a whole; 0: it is in use, and the next run tries


# Rows of one day of events, or of what came beside events, found project by project through
# idx_events_project_received and its like.
_OLD_BY_PROJECT: LiteralString = """
    SELECT old.ctid FROM projects AS p CROSS JOIN LATERAL (
        SELECT e.ctid FROM {table} AS e
        WHERE e.project_id = p.id
            AND e.received_at < %(now)s - make_interval(days => p.retention_days)
        LIMIT %(rows)s
    ) AS old
    LIMIT %(rows)s
"""
# Small tables, read as a whole.
_OLD_BY_HOUR: LiteralString = """
    SELECT o.ctid FROM {table} AS o LEFT JOIN projects AS p ON p.id = o.project_id
    WHERE o.hour < %(now)s - make_interval(days => coalesce(p.retention_days, %(longest)s))
    LIMIT %(rows)s
"""
# By idx_monitor_problems_noted; later than the check-ins that they are about.
_OLD_PROBLEMS: LiteralString = """
    SELECT o.ctid FROM projects AS p JOIN {table} AS o ON o.project_id = p.id
        AND o.noted_at < %(now)s - make_interval(days => p.retention_days + 1)
    LIMIT %(rows)s
"""
# With their deliveries. By idx_alerts_project_triggered; what nobody has resolved stays.
_OLD_ALERTS: LiteralString = """
    SELECT a.ctid FROM projects AS p JOIN {table} AS a ON a.project_id = p.id
        AND a.triggered_at < %(now)s - make_interval(days => p.retention_days)
        AND a.status = 'resolved'
    LIMIT %(rows)s
"""
# By idx_issue_counts_project and project_counts_pkey.
_OLD_COUNTS: LiteralString = """
    SELECT o.ctid FROM projects AS p JOIN {table} AS o ON o.project_id = p.id
        AND o.hour < %(now)s - make_interval(days => p.retention_days)
    LIMIT %(rows)s
"""
_OLD_QUARANTINE: LiteralString = """
    SELECT q.ctid FROM quarantine AS q LEFT JOIN projects AS p ON p.id = q.project_id
    WHERE q.received_at < %(now)s - make_interval(
        days => least(coalesce(p.retention_days, %(longest)s), %(quarantine_days)s))
    LIMIT %(rows)s
"""
# By the longest retention of all projects, which idx_event_ids_received finds without reading the
# rest; that an id is remembered longer than its event only means that a late duplicate is refused.
_OLD_EVENT_IDS: LiteralString = """
    SELECT ctid FROM event_ids
    WHERE received_at < %(now)s - make_interval(days => %(longest)s)
    LIMIT %(rows)s
"""
# By idx_upload_chunks_expires; an organisation has at most some hundred of full size.
_EXPIRED_CHUNKS: LiteralString = """
    SELECT ctid FROM upload_chunks WHERE expires_at < %(now)s LIMIT %(rows)s
"""
# By idx_assemblies_updated; nobody asks any more.
_OLD_ASSEMBLIES: LiteralString = """
    SELECT ctid FROM assemblies WHERE updated_at < %(now)s - interval '1 day' LIMIT %(rows)s
"""
# Files of uploads that nothing names: their projects are gone. A day, because a file is kept before
# the row that names it.
_UNNAMED_FILES: LiteralString = """
    SELECT f.ctid FROM artifact_files AS f
    WHERE f.uploaded_at < %(now)s - interval '1 day'
        AND NOT EXISTS (SELECT FROM artifacts AS a WHERE (a.org_id, a.sha1) = (f.org_id, f.sha1))
        AND NOT EXISTS (SELECT FROM debug_files AS d WHERE (d.org_id, d.sha1) = (f.org_id, f.sha1))
    LIMIT %(rows)s
"""
# What an organisation has over its limit, least recently used first. The table is read as a whole:
# the bytes themselves are not in it.
_FILES_OVER_LIMIT: LiteralString = """
    SELECT f.id FROM (
        SELECT ctid AS id, sum(stored_bytes) OVER (
            PARTITION BY org_id ORDER BY last_used_on DESC, uploaded_at DESC, sha1) AS total
        FROM artifact_files
    ) AS f
    WHERE f.total > %(artifact_bytes)s
    LIMIT %(rows)s
"""
# Events that waited as long are not mapped any more.
_OLD_AWAITED: LiteralString = """
    SELECT ctid FROM awaited_artifacts
    WHERE last_at < %(now)s - make_interval(days => %(awaited_days)s)
    LIMIT %(rows)s
"""


def apply_retention(conn: psycopg.Connection[TupleRow], now: datetime) -> Iterator[Removed]:
    """
    Remove what is past its retention, step by step; whoever iterates may stop after any step.

    Args:
        conn: in autocommit mode.
        now: the time that ages are counted to.
    """
    shortest, longest = _retention_days(conn)
    values = {
        "now": now,
        "longest": longest,
        "quarantine_days": QUARANTINE_DAYS,
        "rows": BATCH_ROWS,
        "artifact_bytes": MAX_ARTIFACT_BYTES,
        "awaited_days": AWAITED_DAYS,
    }
    for day in partition_days(conn):
        begin = datetime.combine(day, time(), UTC)
        if begin + timedelta(days=1) <= now - timedelta(days=longest):
            yield from _drop_if_unread(conn, day)
        elif begin < now - timedelta(days=shortest):
            yield from _delete(conn, partition_name(day), _OLD_BY_PROJECT, values)
    yield from _delete(conn, "attachments", _OLD_BY_PROJECT, values)
    yield from _delete(conn, "user_feedback", _OLD_BY_PROJECT, values)
    yield from _delete(conn, "check_ins", _OLD_BY_PROJECT, values)
    yield from _delete(conn, "monitor_problems", _OLD_PROBLEMS, values)
    yield from _delete(conn, "alerts", _OLD_ALERTS, values)
    yield from _delete(conn, "session_counts", _OLD_BY_HOUR, values)
    yield from _delete(conn, "outcomes", _OLD_BY_HOUR, values)
    yield from _delete(conn, "issue_counts", _OLD_COUNTS, values)
    yield from _delete(conn, "project_counts", _OLD_COUNTS, values)
    yield from _delete(conn, "quarantine", _OLD_QUARANTINE, values)
    yield from _delete(conn, "event_ids", _OLD_EVENT_IDS, values)
    yield from _delete(conn, "upload_chunks", _EXPIRED_CHUNKS, values)
    yield from _delete(conn, "assemblies", _OLD_ASSEMBLIES, values)
    yield from _delete(conn, "artifact_files", _UNNAMED_FILES, values)
    yield from _delete(conn, "artifact_files", _FILES_OVER_LIMIT, values)
    yield from _delete(conn, "awaited_artifacts", _OLD_AWAITED, values)


def _retention_days(conn: psycopg.Connection[TupleRow]) -> tuple[int, int]:
    """The shortest and the longest retention of all projects."""
    shortest, longest = conn.execute(
        "SELECT min(retention_days), max(retention_days) FROM projects"
    ).fetchall()[0]
    return shortest or DEFAULT_RETENTION_DAYS, longest or DEFAULT_RETENTION_DAYS


def _drop_if_unread(conn: psycopg.Connection[TupleRow], day: date) -> Iterator[Removed]:
    try:
        drop_partition(conn, day)
    except psycopg.errors.LockNotAvailable:
        log.warning("partition_in_use", partition=partition_name(day))
        yield Removed(partition_name(day), 0)
    else:
        yield Removed(partition_name(day), None)


def _delete(
    conn: psycopg.Connection[TupleRow], table: str, old: LiteralString, values: Mapping[str, Any]
) -> Iterator[Removed]:
    """Delete the rows that ``old`` finds, a batch a step."""
    name = sql.Identifier(table)
    statement = sql.SQL("DELETE FROM {table} WHERE ctid = ANY (ARRAY({old}))").format(
        table=name, old=sql.SQL(old).format(table=name)
    )
    deleted = BATCH_ROWS
    while deleted == BATCH_ROWS:
        deleted = conn.execute(statement, values).rowcount
        if deleted:
            yield Removed(table, deleted)
