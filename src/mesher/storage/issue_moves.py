"""
Moving events from one issue to another, with what the issues count.

    for moved in move_events(conn, project_id=..., from_issue=..., to_issue=..., only=...):
        ...                                   # each step is a transaction of its own

Events are moved some hundreds at a time. The rows of events, which storing a batch never changes, go
first, and the two issues are locked at the end of each step, for as long as a commit takes: storing
goes on meanwhile. An event is counted by its issue in the transaction that stores it, so the rows that
a step sees are counted, and as many are taken from one issue and given to the other as were moved.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

from mesher.errors import Conflict
from mesher.storage.event_counts import move_counts
from mesher.storage.issue_bindings import lock_number

# Events of one step: a tenth of a second, most of it the indexes of new row versions.
BATCH_EVENTS = 500

# The first of the two numbers of an advisory lock. It means nothing but itself.
MOVES_LOCK = 0x6D65_7303


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which events of an issue are meant: these, or those that meet all else that is given."""

    event_ids: Sequence[uuid.UUID] | None = None
    fingerprints: Sequence[str] | None = None
    release: str | None = None
    frame: dict[str, str] | None = None  # module, function or both, of one call


EVERY_EVENT = Selection()


class _Key(NamedTuple):
    """Where an event is."""

    received_at: datetime
    id: uuid.UUID


class _Moved(msgspec.Struct):
    """What a step moved."""

    events: int
    oldest: datetime
    newest: datetime
    level: str  # of the newest
    hours: list[datetime]  # in which each was received


# The next events of an issue, latest first, by idx_events_issue_received of one partition after the
# other. The condition on received_at alone is what leaves partitions out.
_NEXT_KEYS: LiteralString = """
    SELECT e.received_at, e.id FROM events AS e
    WHERE e.issue_id = %(from_issue)s AND e.project_id = %(project_id)s
      AND e.received_at <= %(before_time)s
      AND (e.received_at, e.id) < (%(before_time)s, %(before_id)s)
      AND (%(fingerprints)s::text[] IS NULL OR e.fingerprint = ANY (%(fingerprints)s))
      AND (%(release)s::text IS NULL OR e.tags @> jsonb_build_object('release', %(release)s::text))
      AND (%(frame)s::jsonb IS NULL OR e.stacktrace @> jsonb_build_array(%(frame)s::jsonb))
    ORDER BY e.received_at DESC, e.id DESC
    LIMIT %(limit)s
"""

# When events with these ids were received, by primary key.
_KEYS_OF_IDS: LiteralString = """
    SELECT received_at, event_id FROM event_ids
    WHERE project_id = %(project_id)s AND event_id = ANY (%(event_ids)s)
"""

# By the primary keys of the partitions between the two times.
_MOVE: LiteralString = """
    WITH moved AS (
        UPDATE events AS e SET issue_id = %(to_issue)s
        WHERE e.id = ANY (%(ids)s) AND e.received_at BETWEEN %(first)s AND %(last)s
          AND e.issue_id = %(from_issue)s AND e.project_id = %(project_id)s
        RETURNING e.received_at, e.id, e.level
    )
    SELECT count(*) AS events, min(received_at) AS oldest, max(received_at) AS newest,
           (array_agg(level ORDER BY received_at DESC, id DESC))[1] AS level,
           array_agg(date_trunc('hour', received_at, 'UTC')) AS hours
    FROM moved
    HAVING count(*) > 0
"""

# In the order in which storing a batch locks issues.
_LOCK_ISSUES: LiteralString = """
    SELECT id FROM issues
    WHERE project_id = %(project_id)s AND id IN (%(from_issue)s, %(to_issue)s)
    ORDER BY fingerprint COLLATE "C"
    FOR UPDATE
"""

# In the transaction of the step, so that what is noted is what was moved.
_NOTE: LiteralString = """
    UPDATE issue_changes SET moved_events = moved_events + %s WHERE id = %s
"""

# An issue without events has no times of its own yet.
_ADD: LiteralString = """
    UPDATE issues SET
        level = CASE WHEN event_count = 0 OR %(newest)s >= last_seen
                     THEN %(level)s ELSE level END,
        first_seen = CASE WHEN event_count = 0
                          THEN %(oldest)s ELSE least(first_seen, %(oldest)s) END,
        last_seen = CASE WHEN event_count = 0
                         THEN %(newest)s ELSE greatest(last_seen, %(newest)s) END,
        event_count = event_count + %(events)s
    WHERE id = %(to_issue)s
"""

# Times that the moved events gave are now given by those that are left, found by
# idx_events_issue_received. Where events that are no longer kept gave them, they stay.
_SUBTRACT: LiteralString = """
    UPDATE issues AS i SET
        event_count = i.event_count - %(events)s,
        first_seen = CASE WHEN i.first_seen = %(oldest)s THEN coalesce((
            SELECT e.received_at FROM events AS e WHERE e.issue_id = %(from_issue)s
            ORDER BY e.received_at LIMIT 1
        ), i.first_seen) ELSE i.first_seen END,
        (last_seen, level) = (
            SELECT coalesce(e.received_at, i.last_seen), coalesce(e.level, i.level)
            FROM (SELECT) AS always LEFT JOIN LATERAL (
                SELECT received_at, level FROM events
                WHERE issue_id = %(from_issue)s AND i.last_seen = %(newest)s
                ORDER BY received_at DESC, id DESC LIMIT 1
            ) AS e ON true
        )
    WHERE i.id = %(from_issue)s
"""


def move_events(
    conn: Connection[TupleRow],
    *,
    project_id: uuid.UUID,
    from_issue: uuid.UUID,
    to_issue: uuid.UUID,
    only: Selection = EVERY_EVENT,
    change_id: uuid.UUID | None = None,
) -> Iterator[int]:
    """
    Move events, latest first; whoever iterates may stop after any step and go on another time.

    Counts, first and last time and level of both issues move along. Where ``from_issue`` is no more,
    as after a merge, its counts have gone with it, and only events are moved. Where events with these
    fingerprints are to go in future is not changed here (``issue_bindings``); what is stored
    meanwhile by the old binding may be missed, so change that first.

    Args:
        conn: in autocommit mode.
        project_id: of both issues; events of another are not touched.
        from_issue: only events that are in it are moved.
        to_issue: it must be there; a new one has an ``event_count`` of 0.
        only: which events.
        change_id: of the row of ``issue_changes`` that counts them, if any does.

    Yields:
        How many events each step moved, more than 0.

    Raises:
        Conflict: ``to_issue`` is not (any more) an issue of the project.
    """
    values = {**_selection_values(project_id, from_issue, only), "to_issue": to_issue}
    for keys in _select_keys(conn, only, values):
        with conn.transaction():
            moved = _move(conn, keys, values)
            if moved and change_id is not None:
                conn.execute(_NOTE, (moved, change_id))
        if moved:
            yield moved


def find_selected(
    conn: Connection[TupleRow], *, project_id: uuid.UUID, issue_id: uuid.UUID, only: Selection
) -> uuid.UUID | None:
    """The latest event of an issue that is selected, if there is any."""
    values = _selection_values(project_id, issue_id, only)
    first = next(_select_keys(conn, only, values), None)
    return first[0].id if first else None


def hold_moves_alone(conn: Connection[TupleRow], project_id: uuid.UUID) -> None:
    """
    Let this transaction alone move or delete events of the project, until it ends. Storing events
    does not wait for that. It comes before ``hold_bindings_alone``, where both are needed.
    """
    conn.execute("SELECT pg_advisory_xact_lock(%s, %s)", (MOVES_LOCK, lock_number(project_id)))


def delete_empty_issue(
    conn: Connection[TupleRow], *, project_id: uuid.UUID, issue_id: uuid.UUID
) -> bool:
    """
    Remove an issue that all events were moved out of, with its bindings; one that people have written
    comments on stays.

    Returns:
        Whether it was removed.
    """
    deleted = conn.execute(
        """
        DELETE FROM issues AS i WHERE i.id = %s AND i.project_id = %s AND i.event_count = 0
            AND NOT EXISTS (
                SELECT FROM issue_activity AS a WHERE a.issue_id = i.id AND a.kind = 'comment')
        """,
        (issue_id, project_id),
    )
    return deleted.rowcount > 0


def _selection_values(
    project_id: uuid.UUID, issue_id: uuid.UUID, only: Selection
) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "from_issue": issue_id,
        "fingerprints": None if only.fingerprints is None else list(only.fingerprints),
        "release": only.release,
        "frame": None if only.frame is None else Jsonb(only.frame),
    }


def _select_keys(
    conn: Connection[TupleRow], only: Selection, values: dict[str, Any]
) -> Iterator[list[_Key]]:
    """The selected events in batches; of those that are selected by what they are, latest first."""
    if only.event_ids is not None:
        for start in range(0, len(only.event_ids), BATCH_EVENTS):
            ids = list(only.event_ids[start : start + BATCH_EVENTS])
            yield _keys(conn, _KEYS_OF_IDS, {**values, "event_ids": ids})
        return
    before = _Key(datetime.max.replace(tzinfo=UTC), uuid.UUID(int=0))
    while keys := _keys(
        conn,
        _NEXT_KEYS,
        {
            **values,
            "before_time": before.received_at,
            "before_id": before.id,
            "limit": BATCH_EVENTS,
        },
    ):
        yield keys
        before = keys[-1]


def _keys(
    conn: Connection[TupleRow], statement: LiteralString, values: dict[str, Any]
) -> list[_Key]:
    return [_Key(*row) for row in conn.execute(statement, values).fetchall()]


def _move(conn: Connection[TupleRow], keys: list[_Key], values: dict[str, Any]) -> int:
    """Move those of the events that are still in the issue; returns how many."""
    if not keys:
        return 0
    times = [key.received_at for key in keys]
    hold_moves_alone(conn, values["project_id"])
    cursor = conn.cursor(row_factory=class_row(_Moved))
    found = {**values, "ids": [key.id for key in keys], "first": min(times), "last": max(times)}
    moved = cursor.execute(_MOVE, found).fetchone()
    if moved is None:
        return 0
    issues = {issue_id for (issue_id,) in conn.execute(_LOCK_ISSUES, values).fetchall()}
    if values["to_issue"] not in issues:
        raise Conflict(
            f"events cannot be moved to issue {values['to_issue']}: it was deleted or merged",
            hint="look up the issue and try again",
        )
    if values["from_issue"] in issues:
        counts = {**values, **msgspec.structs.asdict(moved)}
        conn.execute(_SUBTRACT, counts)
        conn.execute(_ADD, counts)
        move_counts(
            conn,
            project_id=values["project_id"],
            from_issue=values["from_issue"],
            to_issue=values["to_issue"],
            hours=Counter(moved.hours),
        )
    return moved.events
