"""Check-ins on their way into the tables."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from mesher.protocol.check_in import CheckIn
from mesher.storage.ledger import OutcomeKey, hour_of, moment_of


class NewCheckIn(msgspec.Struct, kw_only=True):
    """One report of a job, ready to be stored."""

    project_id: uuid.UUID
    received_at_us: int
    report: CheckIn


def store_check_ins(
    conn: Connection[TupleRow], check_ins: Iterable[NewCheckIn]
) -> Iterator[OutcomeKey]:
    """
    Write check-ins, and tell that each is stored.

    A monitor's row is taken first, in the order of the keys: it makes digesters take turns on all of
    the monitor's check-ins.
    """
    ordered = sorted(
        check_ins, key=lambda new: (new.project_id, new.report.slug, new.received_at_us)
    )
    for new in ordered:
        _upsert_monitor(conn, new)
    for new in ordered:
        _upsert_check_in(conn, new)
        yield OutcomeKey(new.project_id, hour_of(new.received_at_us), "monitor", "stored", "")


def _upsert_monitor(conn: Connection[TupleRow], new: NewCheckIn) -> None:
    config = new.report.config
    conn.execute(
        """
        INSERT INTO monitors AS m (project_id, slug, config) VALUES (%s, %s, %s)
        ON CONFLICT (project_id, slug) DO UPDATE SET config = coalesce(excluded.config, m.config)
        """,
        (new.project_id, new.report.slug, None if config is None else Jsonb(config)),
    )


def _upsert_check_in(conn: Connection[TupleRow], new: NewCheckIn) -> None:
    report, received_at = new.report, moment_of(new.received_at_us)
    check_in_id = report.check_in_id or _latest_in_progress(conn, new)
    if check_in_id is None:  # the same for the same record, however often it is digested
        check_in_id = uuid.uuid5(new.project_id, f"{report.slug} {new.received_at_us}")
    conn.execute(
        """
        INSERT INTO check_ins AS c (project_id, check_in_id, slug, environment, status,
            duration_seconds, release, started_at, received_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (project_id, check_in_id) DO UPDATE SET
            status = excluded.status,
            duration_seconds = coalesce(
                excluded.duration_seconds, extract(epoch FROM excluded.received_at - c.started_at)
            ),
            received_at = excluded.received_at
        WHERE c.status = 'in_progress' AND c.received_at <= excluded.received_at
        """,
        (
            new.project_id,
            check_in_id,
            report.slug,
            report.environment,
            report.status,
            report.duration_seconds,
            report.release,
            received_at,
            received_at,
        ),
    )


def _latest_in_progress(conn: Connection[TupleRow], new: NewCheckIn) -> uuid.UUID | None:
    """What a report without an id completes, by idx_check_ins_monitor."""
    if new.report.status == "in_progress":
        return None
    found = conn.execute(
        """
        SELECT check_in_id FROM check_ins
        WHERE project_id = %s AND slug = %s AND environment = %s AND status = 'in_progress'
        ORDER BY started_at DESC
        LIMIT 1
        """,
        (new.project_id, new.report.slug, new.report.environment),
    ).fetchone()
    return found[0] if found else None
