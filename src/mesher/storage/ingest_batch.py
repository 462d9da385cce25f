"""
What one digested batch writes: receipts, issues, events, outcomes, and the journal's position, all
in the caller's transaction.

Every statement writes its rows in the order of their keys, and the statements always run in the
same order. Parallel digesters therefore wait for each other and never deadlock.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage import copy_binary as binary

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NewEvent(msgspec.Struct, kw_only=True):
    """One event, ready to be stored; JSON columns are JSON text already."""

    id: uuid.UUID
    project_id: uuid.UUID
    received_at_us: int
    category: str  # of the ledger: error, security, ...
    fingerprint: str
    title: str
    culprit: str
    platform: str
    grouping: bytes | None  # why the event is grouped so; may be left out for a known issue
    level: str
    message: str
    exception: bytes | None
    stacktrace: bytes | None
    breadcrumbs: bytes | None
    tags: bytes
    extra: bytes
    user_context: bytes | None
    sdk_name: str | None
    sdk_version: str | None
    payload: bytes  # zstd of the JSON of protocol.event.Event


class OutcomeKey(NamedTuple):
    """What the ledger counts by."""

    project_id: uuid.UUID
    hour: datetime
    category: str
    outcome: str  # accepted, stored, dropped
    reason: str  # why dropped; empty otherwise


class QuarantinedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A journal record that could not be digested."""

    position: int
    project_id: uuid.UUID | None  # None: the record cannot even be read
    received_at_us: int
    reason: str
    record: bytes


class Batch(msgspec.Struct, kw_only=True):
    """The records of one shard behind ``after`` up to ``position``, digested."""

    shard_id: uuid.UUID
    after: int
    position: int
    events: list[NewEvent]
    outcomes: Counter[OutcomeKey]
    quarantined: list[QuarantinedRecord]


class PositionMoved(Exception):
    """Another digester has gone past this batch: nothing of it may be written."""


class _Issue(NamedTuple):
    id: uuid.UUID
    discarded: bool


_IssueKey = tuple[uuid.UUID, str]  # project, fingerprint


def hour_of(epoch_us: int) -> datetime:
    """The full hour (UTC) that a time in microseconds since the epoch lies in."""
    return _EPOCH + timedelta(hours=epoch_us // 3_600_000_000)


def read_position(conn: Connection[TupleRow], shard_id: uuid.UUID) -> int:
    """The position up to which the shard is digested; 0 for a shard that is new to the database."""
    found = conn.execute(
        "SELECT position FROM journal_positions WHERE shard = %s", (shard_id,)
    ).fetchone()
    return found[0] if found else 0


def store_batch(conn: Connection[TupleRow], batch: Batch) -> None:
    """
    Write a batch; the caller commits.

    An event whose id its project has already is counted as a duplicate and not written, also when
    the other one is in this batch or in an uncommitted batch of another digester.

    Raises:
        PositionMoved: the shard's committed position is not ``batch.after``.
        psycopg.Error: as the server says; nothing is written then.
    """
    _advance_position(conn, batch)
    outcomes = Counter(batch.outcomes)
    events = _insert_receipts(conn, batch.events, outcomes)
    if events:
        issues = _upsert_issues(conn, events)
        kept = _without_discarded(events, issues, outcomes)
        _copy_events(conn, kept, issues)
        for event in kept:
            outcomes[_outcome(event, "stored", "")] += 1
    _insert_quarantined(conn, batch)
    _add_outcomes(conn, outcomes)


def _outcome(event: NewEvent, outcome: str, reason: str) -> OutcomeKey:
    hour = hour_of(event.received_at_us)
    return OutcomeKey(event.project_id, hour, event.category, outcome, reason)


def _advance_position(conn: Connection[TupleRow], batch: Batch) -> None:
    # The row lock makes a second digester of the same shard wait here and then find the shard
    # moved, so that no record is ever digested twice.
    moved = conn.execute(
        """
        INSERT INTO journal_positions AS p (shard, position) VALUES (%s, %s)
        ON CONFLICT (shard) DO UPDATE SET position = excluded.position, updated_at = now()
        WHERE p.position = %s
        """,
        (batch.shard_id, batch.position, batch.after),
    )
    if moved.rowcount != 1:
        raise PositionMoved(f"shard {batch.shard_id} is no longer at position {batch.after}")


def _insert_receipts(
    conn: Connection[TupleRow], events: Iterable[NewEvent], outcomes: Counter[OutcomeKey]
) -> list[NewEvent]:
    """Write the receipts of events and return those events that are not duplicates."""
    first: dict[tuple[uuid.UUID, uuid.UUID], NewEvent] = {}
    for event in events:
        if first.setdefault((event.project_id, event.id), event) is not event:
            outcomes[_outcome(event, "dropped", "duplicate")] += 1
    if not first:
        return []
    ordered = sorted(first)
    # The unique key waits for another transaction that writes the same id, then skips it.
    new = conn.execute(
        """
        INSERT INTO event_ids (project_id, event_id, received_at)
        SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[])
        ON CONFLICT DO NOTHING
        RETURNING project_id, event_id
        """,
        (
            [project_id for project_id, _ in ordered],
            [event_id for _, event_id in ordered],
            [_EPOCH + timedelta(microseconds=first[key].received_at_us) for key in ordered],
        ),
        binary=True,
    ).fetchall()
    for key in first.keys() - set(new):
        outcomes[_outcome(first[key], "dropped", "duplicate")] += 1
    return [first[key] for key in sorted(new)]


def _upsert_issues(
    conn: Connection[TupleRow], events: Sequence[NewEvent]
) -> dict[_IssueKey, _Issue]:
    """
    Make or update the issue of each event; counts and times move by the events given.

    A resolved issue becomes unresolved when an event arrives that was received after it was
    resolved; an event that waited in the journal meanwhile does not reopen it.
    """
    by_issue: dict[_IssueKey, list[NewEvent]] = {}
    for event in events:
        by_issue.setdefault((event.project_id, event.fingerprint), []).append(event)
    columns: list[list[Any]] = [[] for _ in range(10)]
    for key in sorted(by_issue):
        group = by_issue[key]
        newest = max(group, key=lambda event: event.received_at_us)
        oldest = min(group, key=lambda event: event.received_at_us)
        grouping = next((event.grouping for event in group if event.grouping), None)
        values = (
            *key,
            oldest.title,
            newest.level,
            oldest.culprit,
            oldest.platform,
            grouping.decode() if grouping else None,
            len(group),
            _EPOCH + timedelta(microseconds=oldest.received_at_us),
            _EPOCH + timedelta(microseconds=newest.received_at_us),
        )
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    # `unnest` keeps the sorted order, so rows are locked in the same order everywhere.
    found = conn.execute(
        """
        INSERT INTO issues AS i (project_id, fingerprint, title, level, culprit, platform, grouping,
                                 event_count, first_seen, last_seen)
        SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                             %s::jsonb[], %s::integer[], %s::timestamptz[], %s::timestamptz[])
        ON CONFLICT (project_id, fingerprint) DO UPDATE SET
            level = CASE WHEN excluded.last_seen >= i.last_seen THEN excluded.level ELSE i.level END,
            grouping = coalesce(i.grouping, excluded.grouping),
            event_count = i.event_count + excluded.event_count,
            first_seen = least(i.first_seen, excluded.first_seen),
            last_seen = greatest(i.last_seen, excluded.last_seen),
            status = CASE
                WHEN i.status = 'resolved'
                     AND excluded.last_seen > coalesce(i.status_changed_at, '-infinity')
                THEN 'unresolved' ELSE i.status END
        WHERE i.status <> 'discarded'
        RETURNING i.project_id, i.fingerprint, i.id
        """,
        columns,
    ).fetchall()
    issues = {(row[0], row[1]): _Issue(row[2], discarded=False) for row in found}
    # Discarded issues were skipped by the WHERE above: they keep their figures.
    for key in by_issue.keys() - issues.keys():
        issues[key] = _Issue(uuid.UUID(int=0), discarded=True)
    return issues


def _without_discarded(
    events: Iterable[NewEvent],
    issues: dict[_IssueKey, _Issue],
    outcomes: Counter[OutcomeKey],
) -> list[NewEvent]:
    kept: list[NewEvent] = []
    for event in events:
        if issues[event.project_id, event.fingerprint].discarded:
            outcomes[_outcome(event, "dropped", "discarded")] += 1
        else:
            kept.append(event)
    return kept


_EVENT_COLUMNS = (
    "id, project_id, issue_id, level, message, fingerprint, exception, stacktrace, breadcrumbs,"
    " tags, extra, user_context, sdk_name, sdk_version, received_at, payload"
)
_EVENT_COLUMN_COUNT = 16


def _copy_events(
    conn: Connection[TupleRow], events: Sequence[NewEvent], issues: dict[_IssueKey, _Issue]
) -> None:
    if not events:
        return
    with conn.cursor().copy(f"COPY events ({_EVENT_COLUMNS}) FROM STDIN (FORMAT binary)") as copy:
        copy.write(
            b"".join(
                (
                    binary.HEADER,
                    *(
                        _event_row(event, issues[event.project_id, event.fingerprint].id)
                        for event in events
                    ),
                    binary.TRAILER,
                )
            )
        )


def _event_row(event: NewEvent, issue_id: uuid.UUID) -> bytes:
    return binary.row(
        (
            binary.uuid_field(event.id),
            binary.uuid_field(event.project_id),
            binary.uuid_field(issue_id),
            binary.text_field(event.level),
            binary.text_field(event.message),
            binary.text_field(event.fingerprint),
            binary.jsonb_field(event.exception),
            binary.jsonb_field(event.stacktrace),
            binary.jsonb_field(event.breadcrumbs),
            binary.jsonb_field(event.tags),
            binary.jsonb_field(event.extra),
            binary.jsonb_field(event.user_context),
            binary.text_field(event.sdk_name),
            binary.text_field(event.sdk_version),
            binary.timestamp_field(event.received_at_us),
            binary.bytes_field(event.payload),
        ),
        count=_EVENT_COLUMN_COUNT,
    )


def _insert_quarantined(conn: Connection[TupleRow], batch: Batch) -> None:
    if not batch.quarantined:
        return
    conn.cursor().executemany(
        """
        INSERT INTO quarantine (shard, position, project_id, received_at, reason, record)
        VALUES (%s, %s, %s, %s, %s, %s)
        """,
        [
            (
                batch.shard_id,
                record.position,
                record.project_id,
                _EPOCH + timedelta(microseconds=record.received_at_us),
                record.reason,
                record.record,
            )
            for record in batch.quarantined
        ],
    )


def _add_outcomes(conn: Connection[TupleRow], outcomes: Counter[OutcomeKey]) -> None:
    if not outcomes:
        return
    keys = sorted(outcomes)
    conn.execute(
        """
        INSERT INTO outcomes AS o (project_id, hour, category, outcome, reason, quantity)
        SELECT * FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],
                             %s::bigint[])
        ON CONFLICT (project_id, hour, category, outcome, reason)
        DO UPDATE SET quantity = o.quantity + excluded.quantity
        """,
        [*map(list, zip(*keys, strict=True)), [outcomes[key] for key in keys]],
    )
