"""
Events that came before what makes them readable: mapped again once it is uploaded.

    what was awaited ─ arrived? ─▶ the project's events of that time ─ mapped now? ─▶ rows, issues

Only builds of which events came too early are looked for, and only in the time from the first to the
last of them, newest first. It may be cut off and goes on where it was.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import psycopg
import structlog
import zstandard
from psycopg.rows import TupleRow

from mesher.grouping.fingerprint import ALGORITHM_VERSION
from mesher.grouping.versions import Grouper
from mesher.ingest.awaiting import NOTED_FOR
from mesher.ingest.policies import grouper_of
from mesher.ingest.rows import event_row
from mesher.ingest.symbolication import AskUntil, Symbolicator
from mesher.protocol.event import Event
from mesher.storage.awaited_artifacts import (
    AwaitedKey,
    Moments,
    forget_awaited,
    list_settled,
    mark_arrived,
    narrow_awaited,
)
from mesher.storage.kept_grouping import list_grouping_settings
from mesher.storage.new_events import NewEvent
from mesher.storage.remapped_events import StoredEvent, list_events_before, store_remapped
from mesher.storage.retention import AWAITED_DAYS
from mesher.symbolication.problems import FAILED, TOO_LARGE, TOO_SLOW, note
from mesher.values.grouping_settings import GroupingSettings

# Read and looked through in one step: at 5 KB each, a megabyte.
STEP_EVENTS = 200
# Written in one transaction, for which storing waits.
WRITTEN_EVENTS = 50
# Older events are seldom looked at, and there may be very many.
LONGEST = timedelta(days=AWAITED_DAYS)
# Nobody waits for this: the largest map that is read at all takes ten seconds on a slow machine.
EVENT_SECONDS = 120.0

log = structlog.get_logger(__name__)
_decode = msgspec.json.Decoder(Event).decode


class _Received(NamedTuple):
    """What a row needs to know of how its event came."""

    project_id: uuid.UUID
    received_at_us: int


def remap_events(conn: psycopg.Connection[TupleRow], ask: AskUntil, now: datetime) -> Iterator[int]:
    """
    Map events again for which something was uploaded, step by step; whoever iterates may stop after
    any step, and the next run goes on there.

    Args:
        conn: in autocommit mode.
        ask: answers queries.
        now: the present time.

    Yields:
        How many events each step has changed.

    Raises:
        psycopg.Error: as the server says; what was done stays done.
    """
    mark_arrived(conn, now)
    grouping = list_grouping_settings(conn, newest_version=ALGORITHM_VERSION)
    for key, moments in list_settled(conn, now):
        symbolicator = Symbolicator(ask, {key.project_id}, event_seconds=EVENT_SECONDS)
        of_project = grouping.get(key.project_id, GroupingSettings())
        grouper = grouper_of(key.project_id, of_project)
        begin = max(moments.first, now - LONGEST)
        total = 0
        for step in _steps(conn, key, Moments(begin, moments.last + NOTED_FOR)):
            changed = _change(conn, key, step, symbolicator, grouper)
            total += changed
            narrow_awaited(conn, key, step[-1].received_at - NOTED_FOR)
            yield changed
        forget_awaited(conn, key)
        log.info("events_remapped", project_id=str(key.project_id), kind=key.kind, events=total)


def _steps(
    conn: psycopg.Connection[TupleRow], key: AwaitedKey, moments: Moments
) -> Iterator[list[StoredEvent]]:
    last, before = moments.last, None
    while step := list_events_before(
        conn,
        key.project_id,
        first=moments.first,
        last=last,
        before=before,
        limit=STEP_EVENTS,
    ):
        yield step
        last, before = step[-1].received_at, step[-1].id


def _change(
    conn: psycopg.Connection[TupleRow],
    key: AwaitedKey,
    step: Iterable[StoredEvent],
    symbolicator: Symbolicator,
    grouper: Grouper,
) -> int:
    """Map some events again and write those that have changed; returns how many."""
    rows = [row for stored in step if (row := _remapped(key, stored, symbolicator, grouper))]
    written = 0
    for start in range(0, len(rows), WRITTEN_EVENTS):
        with conn.transaction():
            written += store_remapped(conn, rows[start : start + WRITTEN_EVENTS])
    return written


def _remapped(
    key: AwaitedKey, stored: StoredEvent, symbolicator: Symbolicator, grouper: Grouper
) -> NewEvent | None:
    """The new row of an event; ``None`` where it names another build, or nothing has changed."""
    payload = zstandard.decompress(stored.payload)
    if msgspec.json.encode(key.name.lower())[1:-1] not in payload.lower():
        return None
    try:
        event = _decode(payload)
    except msgspec.ValidationError:  # of a version with wider limits; it stays as it is
        return None
    symbolicator.symbolicate(event, key.project_id)
    event.errors = [
        note(TOO_LARGE, error.name) if error.type in {TOO_SLOW, FAILED} else error
        for error in event.errors
    ]
    if msgspec.json.encode(event) == payload:
        return None
    received = _Received(key.project_id, round(stored.received_at.timestamp() * 1e6))
    return event_row(event, grouper.group(event), received, category="error")
