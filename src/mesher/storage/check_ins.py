"""Check-ins on their way into the tables."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from mesher.protocol.check_in import CheckIn
from mesher.protocol.limits import MAX_MONITORS
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
    Write check-ins, and tell what became of each.

    Those of a monitor that is new are dropped once their project has ``MAX_MONITORS``; digesters that
    run at the same time may pass that by a few. A monitor's row is taken first, in the order of the keys: it makes digesters take turns on all of
    the monitor's check-ins.
    """
    ordered = sorted(
        check_ins, key=lambda new: (new.project_id, new.report.slug, new.received_at_us)
    )
    with_monitor = [(new, _upsert_monitor(conn, new)) for new in ordered]
    for new, has_monitor in with_monitor:
        if has_monitor:
            _upsert_check_in(conn, new)
        yield OutcomeKey(
            new.project_id,
            hour_of(new.received_at_us),
            "monitor",
            "stored" if has_monitor else "dropped",
            "" if has_monitor else "over_quota",
        )


def _upsert_monitor(conn: Connection[TupleRow], new: NewCheckIn) -> bool:
    """Whether the monitor is there, or its project had room for it (both by monitors_pkey)."""
    config = new.report.config
    upserted = conn.execute(
        """
        INSERT INTO monitors AS m (project_id, slug, config)
        SELECT %(project_id)s, %(slug)s, %(config)s
        WHERE EXISTS (SELECT FROM monitors WHERE project_id = %(project_id)s AND slug = %(slug)s)
            OR (SELECT count(*) FROM monitors WHERE project_id = %(project_id)s) < %(limit)s
        ON CONFLICT (project_id, slug) DO UPDATE SET config = coalesce(excluded.config, m.config)
        """,
        {
            "project_id": new.project_id,
            "slug": new.report.slug,
            "config": None if config is None else Jsonb(config),
            "limit": MAX_MONITORS,
        },
    )
    return upserted.rowcount == 1


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
