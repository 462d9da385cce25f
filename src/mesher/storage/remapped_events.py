"""
Stored events whose frames were mapped after all: their rows, and the issues that they then belong to.

All of it happens while this transaction alone may change the project's bindings: no batch of the
project is under way, so issues can be locked in any order. Storing waits for that, some tens of
milliseconds for each step.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.event_counts import move_counts
from mesher.storage.issue_bindings import (
    bind_fingerprints,
    find_bindings,
    hold_bindings_alone,
)
from mesher.storage.issue_moves import hold_moves_alone
from mesher.storage.issue_signatures import Described, insert_signatures
from mesher.storage.issue_upsert import upsert_issues
from mesher.storage.ledger import hour_of, moment_of
from mesher.storage.new_events import NewEvent


class StoredEvent(NamedTuple):
    """What is needed of an event to map it again."""

    id: uuid.UUID
    received_at: datetime
    payload: bytes  # zstd


# Newest first, by idx_events_project_received of the partitions between the two times.
_LIST: LiteralString = """
    SELECT e.id, e.received_at, e.payload FROM events AS e
    WHERE e.project_id = %(project_id)s AND e.received_at >= %(first)s
        AND e.received_at <= %(last)s AND (e.received_at, e.id) < (%(last)s, %(before)s)
        AND e.payload IS NOT NULL
    ORDER BY e.received_at DESC, e.id DESC
    LIMIT %(limit)s
"""

# By the primary keys of the partitions between the two times; what was deleted meanwhile is gone.
_FIND_ISSUES: LiteralString = """
    SELECT id, issue_id FROM events
    WHERE project_id = %(project_id)s AND id = ANY (%(ids)s)
        AND received_at BETWEEN %(first)s AND %(last)s
    FOR UPDATE
"""

_UPDATE: LiteralString = """
    UPDATE events SET issue_id = %(issue_id)s, fingerprint = %(fingerprint)s,
        message = %(message)s, exception = %(exception)s::jsonb,
        stacktrace = %(stacktrace)s::jsonb, payload = %(payload)b
    WHERE id = %(id)s AND received_at = %(received_at)s AND project_id = %(project_id)s
"""

# An issue whose events only ever had its own fingerprint, and of which nobody has merged or split
# anything. By idx_issue_fingerprints_issue and idx_events_fingerprint.
_IS_PLAIN: LiteralString = """
    SELECT NOT EXISTS (
            SELECT FROM issue_fingerprints AS f JOIN issues AS i ON i.id = f.issue_id
            WHERE f.issue_id = %(issue_id)s AND f.fingerprint <> i.fingerprint AND EXISTS (
                SELECT FROM events AS e
                WHERE e.fingerprint = f.fingerprint AND e.issue_id = f.issue_id))
        AND NOT EXISTS (SELECT FROM issue_routes WHERE issue_id = %(issue_id)s)
        AND NOT EXISTS (
            SELECT FROM issue_changes
            WHERE issue_id = %(issue_id)s OR other_id = %(issue_id)s)
"""

_RETITLE: LiteralString = """
    UPDATE issues SET title = %(title)s, culprit = %(culprit)s, grouping = %(grouping)s::jsonb
    WHERE id = %(issue_id)s
"""

# Times that these events gave are now given by those that are left, by idx_events_issue_received;
# where events that are no longer kept gave them, they stay.
_TAKE_AWAY: LiteralString = """
    UPDATE issues AS i SET event_count = i.event_count - %(count)s,
        first_seen = CASE WHEN i.first_seen < %(oldest)s THEN i.first_seen ELSE coalesce((
            SELECT e.received_at FROM events AS e WHERE e.issue_id = i.id
            ORDER BY e.received_at LIMIT 1), i.first_seen) END,
        last_seen = CASE WHEN i.last_seen > %(newest)s THEN i.last_seen ELSE coalesce((
            SELECT e.received_at FROM events AS e WHERE e.issue_id = i.id
            ORDER BY e.received_at DESC LIMIT 1), i.last_seen) END
    WHERE i.id = %(issue_id)s
"""

# An issue that nothing is left of and that nobody has touched. What could be undone stays.
_DELETE_EMPTY: LiteralString = """
    DELETE FROM issues AS i
    WHERE i.id = %(issue_id)s AND i.event_count = 0 AND i.status = 'unresolved'
        AND i.assigned_to IS NULL
        AND NOT EXISTS (SELECT FROM events AS e WHERE e.issue_id = i.id)
        AND NOT EXISTS (
            SELECT FROM issue_changes AS c WHERE c.issue_id = i.id OR c.other_id = i.id)
        AND NOT EXISTS (
            SELECT FROM issue_activity AS a WHERE a.issue_id = i.id AND a.kind = 'comment')
"""

_HIGHEST = uuid.UUID(int=2**128 - 1)


def list_events_before(
    conn: Connection[TupleRow],
    project_id: uuid.UUID,
    *,
    first: datetime,
    last: datetime,
    before: uuid.UUID | None,
    limit: int,
) -> list[StoredEvent]:
    """
    A project's events received from ``first`` to ``last``, newest first.

    Args:
        before: of the events received at ``last``, only those with a lower id; ``None`` = all.
    """
    values = {
        "project_id": project_id,
        "first": first,
        "last": last,
        "before": before or _HIGHEST,
        "limit": limit,
    }
    return [StoredEvent(*row) for row in conn.execute(_LIST, values, binary=True)]


def store_remapped(conn: Connection[TupleRow], events: Sequence[NewEvent]) -> int:
    """
    Write events of one project anew and move them to the issues that they now belong to; the caller
    commits.

    The first of them to leave an issue that has only ever been one thing takes the issue along: its
    id, status and assignment stay, and title and explanation become those of the mapped event. What
    else was in it gets issues of its own. An event of which the issue would be a discarded one stays
    where it is.

    Returns:
        How many were written; events that were deleted meanwhile are not.
    """
    if not events:
        return 0
    project_id = events[0].project_id
    hold_moves_alone(conn, project_id)
    hold_bindings_alone(conn, project_id)
    homes = _find_issues(conn, events)
    present = [event for event in events if event.id in homes]
    _take_issues_along(conn, present, homes)
    placed = {event.id: issue for event, issue in upsert_issues(conn, present)}
    _update(conn, present, {**homes, **placed})
    left: dict[uuid.UUID, list[NewEvent]] = defaultdict(list)
    for event in present:
        if event.id in placed:
            left[homes[event.id]].append(event)
    for issue_id, gone in left.items():
        moments = [moment_of(event.received_at_us) for event in gone]
        values = {"issue_id": issue_id, "count": len(gone)}
        conn.execute(_TAKE_AWAY, {**values, "oldest": min(moments), "newest": max(moments)})
        for to_issue, moved in _hours_by_issue(gone, placed).items():
            move_counts(
                conn, project_id=project_id, from_issue=issue_id, to_issue=to_issue, hours=moved
            )
        conn.execute(_DELETE_EMPTY, values)
    return len(present)


def _hours_by_issue(
    events: Sequence[NewEvent], placed: dict[uuid.UUID, uuid.UUID]
) -> dict[uuid.UUID, Counter[datetime]]:
    found: dict[uuid.UUID, Counter[datetime]] = defaultdict(Counter)
    for event in events:
        found[placed[event.id]][hour_of(event.received_at_us)] += 1
    return found


def _find_issues(
    conn: Connection[TupleRow], events: Sequence[NewEvent]
) -> dict[uuid.UUID, uuid.UUID]:
    moments = [moment_of(event.received_at_us) for event in events]
    values = {
        "project_id": events[0].project_id,
        "ids": [event.id for event in events],
        "first": min(moments),
        "last": max(moments),
    }
    return dict(conn.execute(_FIND_ISSUES, values, binary=True).fetchall())


def _take_issues_along(
    conn: Connection[TupleRow], events: Sequence[NewEvent], homes: dict[uuid.UUID, uuid.UUID]
) -> None:
    """Bind fingerprints that are new to the issue that their first event is in, where that may be."""
    first = {event.issue_key: event for event in reversed(events)}
    bound = find_bindings(conn, first.keys())
    taken: set[uuid.UUID] = set()
    for key, event in first.items():
        home = homes[event.id]
        values = {
            "issue_id": home,
            "title": event.title,
            "culprit": event.culprit,
            "grouping": event.grouping.decode(),
        }
        if key in bound or home in taken:
            continue
        if not conn.execute(_IS_PLAIN, values).fetchall()[0][0]:
            continue
        taken.add(home)
        bind_fingerprints(conn, {key: home})
        conn.execute(_RETITLE, values)
        conn.execute("DELETE FROM issue_signatures WHERE issue_id = %(issue_id)s", values)
        grouping = msgspec.json.decode(event.grouping)
        described = Described(home, event.project_id, event.title, grouping)
        insert_signatures(conn, [described])


def _update(
    conn: Connection[TupleRow], events: Sequence[NewEvent], issues: dict[uuid.UUID, uuid.UUID]
) -> None:
    conn.cursor().executemany(
        _UPDATE,
        [
            {
                "id": event.id,
                "project_id": event.project_id,
                "received_at": moment_of(event.received_at_us),
                "issue_id": issues[event.id],
                "fingerprint": event.fingerprint,
                "message": event.message,
                "exception": event.exception.decode() if event.exception else None,
                "stacktrace": event.stacktrace.decode() if event.stacktrace else None,
                "payload": event.payload,
            }
            for event in events
        ],
    )
