"""
What one digested batch writes: the journal's position, quarantine, receipts, issues, events, ledger
and releases, all in the caller's transaction.

Every statement writes its rows in the order of their keys, and the statements always run in the
same order. Parallel digesters therefore wait for each other and never deadlock.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.awaited_artifacts import AwaitedKey, Moments, note_awaited
from mesher.storage.companions import Companions, store_companions
from mesher.storage.event_counts import count_events
from mesher.storage.event_releases import ProjectRelease, insert_event_releases
from mesher.storage.issue_upsert import upsert_issues
from mesher.storage.json_rows import json_rows
from mesher.storage.ledger import OutcomeKey, add_outcomes, hour_of, moment_of
from mesher.storage.new_events import NewEvent, copy_events
from mesher.storage.new_live import note_events


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
    events: list[NewEvent] = []
    outcomes: Counter[OutcomeKey] = msgspec.field(default_factory=Counter)
    quarantined: list[QuarantinedRecord] = []
    companions: Companions = msgspec.field(default_factory=Companions)
    new_releases: set[ProjectRelease] = set()  # which no batch before it has named
    awaited: dict[AwaitedKey, Moments] = {}  # uploads that events of it lacked


class PositionMoved(Exception):
    """Another digester has gone past this batch: nothing of it may be written."""


def read_position(conn: Connection[TupleRow], shard_id: uuid.UUID) -> int:
    """The position up to which the shard is digested; 0 for a shard that is new to the database."""
    found = conn.execute(
        "SELECT position FROM journal_positions WHERE shard = %s", (shard_id,)
    ).fetchone()
    return found[0] if found else 0


def read_positions(conn: Connection[TupleRow]) -> dict[uuid.UUID, int]:
    """The positions of all shards of all nodes."""
    return dict(conn.execute("SELECT shard, position FROM journal_positions").fetchall())


def store_batch(conn: Connection[TupleRow], batch: Batch) -> Counter[OutcomeKey]:
    """
    Write a batch; the caller commits.

    An event whose id its project has already is counted as a duplicate and not written, also when
    the other one is in this batch or in an uncommitted batch of another digester.

    Returns:
        What was added to the ledger.

    Raises:
        PositionMoved: the shard's committed position is not ``batch.after``.
        psycopg.Error: as the server says; nothing is written then.
    """
    _advance_position(conn, batch)
    _insert_quarantined(conn, batch)
    note_awaited(conn, batch.awaited)
    added = store_events(conn, batch.events, batch.outcomes, batch.companions)
    insert_event_releases(conn, batch.new_releases)
    return added


def store_events(
    conn: Connection[TupleRow],
    events: Sequence[NewEvent],
    outcomes: Counter[OutcomeKey],
    companions: Companions,
) -> Counter[OutcomeKey]:
    """
    Write events with their companions and add to the ledger; duplicates as in ``store_batch``. The
    caller commits.

    Returns:
        What was added to the ledger: ``outcomes``, and what became of each event and companion.

    Raises:
        psycopg.Error: as the server says; nothing is written then.
    """
    added = Counter(outcomes)
    new = _insert_receipts(conn, events)
    _count_dropped(added, events, new, "duplicate")
    placed = upsert_issues(conn, new)
    kept = [event for event, _ in placed]
    _count_dropped(added, new, kept, "discarded")
    copy_events(conn, placed)
    note_events(conn, kept)
    count_events(conn, placed)
    for event in kept:
        added[_outcome(event, "stored", "")] += 1
    discarded = {(e.project_id, e.id) for e in new} - {(e.project_id, e.id) for e in kept}
    # Not +=, which would lose what a replay takes back: it drops counts below zero.
    added.update(store_companions(conn, companions, discarded))
    add_outcomes(conn, added)
    return added


def _outcome(event: NewEvent, outcome: str, reason: str) -> OutcomeKey:
    hour = hour_of(event.received_at_us)
    return OutcomeKey(event.project_id, hour, event.category, outcome, reason)


def _count_dropped(
    outcomes: Counter[OutcomeKey], events: Iterable[NewEvent], kept: list[NewEvent], reason: str
) -> None:
    """Count those of ``events`` that are not in ``kept``; the same object is meant, not its like."""
    kept_objects = {id(event) for event in kept}
    for event in events:
        if id(event) not in kept_objects:
            outcomes[_outcome(event, "dropped", reason)] += 1


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


def _insert_receipts(conn: Connection[TupleRow], events: Iterable[NewEvent]) -> list[NewEvent]:
    """Write the receipts of events and return those events that are not duplicates."""
    first: dict[tuple[uuid.UUID, uuid.UUID], NewEvent] = {}
    for event in events:
        first.setdefault((event.project_id, event.id), event)
    if not first:
        return []
    rows = json_rows(
        _Receipt(*key, received_at=moment_of(first[key].received_at_us))
        for key in sorted(first, key=_order)
    )
    # The unique key waits for another transaction that writes the same id, then skips it.
    new = conn.execute(
        """
        INSERT INTO event_ids (project_id, event_id, received_at)
        SELECT project_id, event_id, received_at FROM json_to_recordset(%s::json)
        AS new(project_id uuid, event_id uuid, received_at timestamptz)
        ON CONFLICT DO NOTHING
        RETURNING project_id, event_id
        """,
        (rows,),
        binary=True,
    ).fetchall()
    return [first[project_id, event_id] for project_id, event_id in new]


class _Receipt(msgspec.Struct):
    """That an event's id was taken."""

    project_id: uuid.UUID
    event_id: uuid.UUID
    received_at: datetime


def _order(key: tuple[uuid.UUID, uuid.UUID]) -> tuple[int, int]:
    project_id, event_id = key
    return project_id.int, event_id.int


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
                moment_of(record.received_at_us),
                record.reason,
                record.record,
            )
            for record in batch.quarantined
        ],
    )
