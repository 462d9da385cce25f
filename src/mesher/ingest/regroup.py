"""
Stored events grouped anew: to see what would become of a project's issues, and to make it so.

    look   read → decode → group → count, and what is found decides where fingerprints go (``plan``)
    apply  bind fingerprints in one transaction, then move events in steps

Looking changes nothing. Applying may be cut off at any point and repeated: it moves what is left.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.grouping.fingerprint import Grouping
from mesher.grouping.preview import Plan, Tally, Where, plan
from mesher.grouping.versions import Grouper
from mesher.protocol.event import Event
from mesher.storage.event_payloads import decode_payload
from mesher.storage.issue_moves import (
    BATCH_EVENTS,
    Selection,
    delete_empty_issue,
    move_events,
)
from mesher.storage.regroup import (
    NewLooks,
    StoredEvent,
    find_bound,
    note_fingerprint,
    read_events,
    settle,
)

_ID_BYTES = 16

# How an event is grouped now; or, of one that is not grouped anew, the issue that it would be in.
Regroup = Callable[[StoredEvent, Event], Grouping | uuid.UUID]


class Look:
    """What was seen of a project's events."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.tally = Tally()
        self.looks: dict[str, NewLooks] = {}  # of new fingerprints, by their latest event
        self.oldest: datetime | None = None  # the time of the last event that was looked at
        self.without_payload = 0  # events that cannot be grouped anew, and stay
        # Of each pair of issue and new fingerprint, the ids of its events one after the other: a
        # million of them are 16 MB, as objects they would be ten times that.
        self._ids: dict[tuple[uuid.UUID, str], bytearray] = {}

    def add(self, stored: StoredEvent, regroup: Regroup) -> None:
        """Look at one event."""
        self.oldest = stored.received_at
        if stored.payload is None:
            self.without_payload += 1
            self.tally.add(stored.id, stored.issue_id, stored.issue_id)
            return
        event = decode_payload(stored.payload, event_id=stored.id, received_at=stored.received_at)
        found = regroup(stored, event)
        self.tally.add(stored.id, stored.issue_id, self._where(stored, event, found))

    def moving_ids(self, issue_id: uuid.UUID, fingerprint: str) -> Iterator[list[uuid.UUID]]:
        """The events of an issue that have a new fingerprint, in steps."""
        packed = bytes(self._ids.get((issue_id, fingerprint), b""))
        step = _ID_BYTES * BATCH_EVENTS
        for start in range(0, len(packed), step):
            part = packed[start : start + step]
            yield [
                uuid.UUID(bytes=part[at : at + _ID_BYTES]) for at in range(0, len(part), _ID_BYTES)
            ]

    def _where(self, stored: StoredEvent, event: Event, found: Grouping | uuid.UUID) -> Where:
        if isinstance(found, uuid.UUID):
            return found
        # Where grouping does not change nothing does: the event may be in a merged issue, or in one
        # that was split off.
        if found.fingerprint == stored.fingerprint:
            return stored.issue_id
        if found.fingerprint not in self.looks:
            self.looks[found.fingerprint] = NewLooks(
                title=found.title,
                culprit=found.culprit,
                platform=event.platform,
                level=event.level,
                grouping=msgspec.to_builtins(found),
                version=found.algorithm_version,
            )
        key = stored.issue_id, found.fingerprint
        self._ids.setdefault(key, bytearray()).extend(stored.id.bytes)
        return found.fingerprint


def by_grouper(grouper: Grouper) -> Regroup:
    """Group events as this one does."""
    return lambda _, event: grouper.group(event)


def by_merge(merged: Mapping[uuid.UUID, uuid.UUID]) -> Regroup:
    """Leave events as they are, but for those of issues that are merged into another."""
    return lambda stored, _: merged.get(stored.issue_id, stored.issue_id)


def look_at(
    conn: Connection[TupleRow],
    project_id: uuid.UUID,
    look: Look,
    regroup: Regroup,
    *,
    since: datetime,
) -> Iterator[int]:
    """
    Look at a project's events, latest first; whoever iterates may stop after any step.

    Yields:
        How many events each step looked at.
    """
    for events in read_events(conn, project_id, since=since):
        for stored in events:
            look.add(stored, regroup)
        yield len(events)


def plan_of(conn: Connection[TupleRow], project_id: uuid.UUID, look: Look) -> Plan:
    """Where the events that were looked at would go."""
    return plan(look.tally, find_bound(conn, project_id, look.tally.new_fingerprints()))


def apply_plan(
    conn: Connection[TupleRow], project_id: uuid.UUID, look: Look, found: Plan
) -> Iterator[int]:
    """
    Bind fingerprints and move the events that were looked at; issues that are empty then go.

    Args:
        conn: in autocommit mode.
        project_id: of the events.
        look: at all of them.
        found: the plan of that look.

    Yields:
        How many events each step moved; together at most ``found.moved_events``.

    Raises:
        Conflict: an issue was deleted meanwhile; look again.
    """
    with conn.transaction():
        homes = settle(conn, project_id, found.targets, look.looks)
    left: set[uuid.UUID] = set()
    for share in list(look.tally.shares.values()):
        if not isinstance(share.where, str) or homes[share.where] == share.issue_id:
            continue
        left.add(share.issue_id)
        home = homes[share.where]
        for event_ids in look.moving_ids(share.issue_id, share.where):
            yield from move_events(
                conn,
                project_id=project_id,
                from_issue=share.issue_id,
                to_issue=home,
                only=Selection(event_ids=event_ids),
            )
            note_fingerprint(
                conn,
                project_id=project_id,
                issue_id=home,
                event_ids=event_ids,
                fingerprint=share.where,
                version=look.looks[share.where].version,
            )
    for issue_id in left:
        delete_empty_issue(conn, project_id=project_id, issue_id=issue_id)
