"""
Merging issues, and taking a merge back.

A merge binds the fingerprints of one issue to another, adds its counts, and removes it: lists,
counts and searches then need to know nothing of merges. The row that was removed is in the record, so
that undoing brings it back under the same id, with the events of its fingerprints, also those that
came since. Comments and activity follow to the other issue, and go back when the merge is undone; what is
written after the merge stays where it was written.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row
from psycopg.types.json import Jsonb

from mesher.errors import Conflict, NotFound, ProtocolError
from mesher.storage.event_counts import move_all_counts
from mesher.storage.issue_bindings import hold_bindings_alone
from mesher.storage.issue_changes import (
    Author,
    Change,
    Work,
    begin_undoing,
    find_change,
    insert_change,
    refuse_while_moving,
)
from mesher.storage.issue_moves import EVERY_EVENT, Selection, hold_moves_alone
from mesher.storage.issue_signatures import Described, insert_signatures
from mesher.storage.new_activity import NewEntry, insert_entries, let_follow, let_return

# In the order in which storing a batch locks issues.
_LOCK_ISSUES: LiteralString = """
    SELECT id, to_jsonb(i) AS row FROM issues AS i
    WHERE project_id = %s AND id = ANY (%s)
    ORDER BY fingerprint COLLATE "C"
    FOR UPDATE
"""

# By idx_issue_fingerprints_issue and idx_issue_routes_issue.
_BIND: LiteralString = """
    UPDATE issue_fingerprints SET issue_id = %s WHERE issue_id = %s RETURNING fingerprint
"""
_ROUTE: LiteralString = """
    UPDATE issue_routes SET issue_id = %s WHERE issue_id = %s RETURNING id
"""

_ADD_COUNTS: LiteralString = """
    UPDATE issues AS i SET
        event_count = i.event_count + other.event_count,
        first_seen = least(i.first_seen, other.first_seen),
        last_seen = greatest(i.last_seen, other.last_seen),
        level = CASE WHEN other.last_seen > i.last_seen THEN other.level ELSE i.level END
    FROM issues AS other
    WHERE i.id = %s AND other.id = %s
"""

_FIND_BOUND: LiteralString = """
    SELECT fingerprint FROM issue_fingerprints WHERE issue_id = %s ORDER BY fingerprint
"""
_FIND_OWN: LiteralString = "SELECT fingerprint FROM issues WHERE id = %s"
_SET_OWN: LiteralString = "UPDATE issues SET fingerprint = %s WHERE id = %s"

# Columns that were added since the merge are as in the issue that it was merged into; a person who
# was removed since is assigned nothing.
_RESTORE: LiteralString = """
    INSERT INTO issues
    SELECT (jsonb_populate_record(target, %(row)s || jsonb_build_object(
        'assigned_to', (SELECT id FROM users WHERE id = (%(row)s ->> 'assigned_to')::uuid)
    ))).*
    FROM issues AS target WHERE id = %(target)s
"""

# What the issue had counted that is no longer kept, goes back to it; so does a first time that it
# alone had.
_TAKE_COUNTS_BACK: LiteralString = """
    UPDATE issues SET
        event_count = event_count - %(expired)s,
        first_seen = CASE WHEN first_seen = (%(row)s ->> 'first_seen')::timestamptz
                          THEN greatest(first_seen, %(first_seen_before)s::timestamptz)
                          ELSE first_seen END
    WHERE id = %(target)s
"""

_BIND_SOME: LiteralString = """
    UPDATE issue_fingerprints SET issue_id = %(issue)s
    WHERE project_id = %(project)s AND fingerprint = ANY (%(fingerprints)s)
"""
_ROUTE_SOME: LiteralString = """
    UPDATE issue_routes SET issue_id = %s WHERE id = ANY (%s) AND issue_id = %s
    RETURNING fingerprint, condition
"""


def merge_issues(
    conn: Connection[TupleRow],
    *,
    project_id: uuid.UUID,
    target: uuid.UUID,
    sources: Sequence[uuid.UUID],
    author: Author,
) -> list[Change]:
    """
    Decide the merge of issues into one, in the caller's transaction; their events are to be moved
    after it. The target keeps its title, status and assignee.

    Raises:
        ProtocolError: the target is among the sources.
        NotFound: one of them is not (any more) an issue of the project.
        Conflict: events of a source are still being moved.
    """
    if target in sources:
        raise ProtocolError("an issue cannot be merged into itself", field="issues")
    hold_moves_alone(conn, project_id)
    hold_bindings_alone(conn, project_id)
    refuse_while_moving(conn, sources)
    issues = lock_issues(conn, project_id, [target, *sources])
    return [
        _merge(conn, issues[target], issues[source], author) for source in dict.fromkeys(sources)
    ]


def undo_merge(
    conn: Connection[TupleRow], *, project_id: uuid.UUID, change_id: uuid.UUID, author: Author
) -> Change:
    """
    Decide that a merge is undone, in the caller's transaction; events are to be moved back after it.

    Events that retention removed since the merge stay counted by the target.

    Raises:
        NotFound: the project has no such change.
        Conflict: it is not done, or undone already, or what came after it has to be undone first.
    """
    hold_moves_alone(conn, project_id)
    hold_bindings_alone(conn, project_id)
    change = find_change(conn, project_id, change_id)
    refuse_unless_done(change)
    refuse_while_moving(conn, [change.issue_id])
    lock_to_undo(conn, change, [change.issue_id])
    fingerprints = _fingerprints_to_return(conn, change)
    row = change.details["row"]
    expired = max(0, row["event_count"] - change.moved_events)
    values = {
        "target": change.issue_id,
        "first_seen_before": change.details["first_seen_before"],
        "expired": expired,
        "row": Jsonb({**row, "event_count": expired, "fingerprint": fingerprints[0]}),
    }
    conn.execute(_TAKE_COUNTS_BACK, values)
    conn.execute(_RESTORE, values)
    let_return(
        conn,
        from_issue=change.issue_id,
        to_issue=change.other_id,
        # A merge that an earlier release made let nothing follow.
        about=map(uuid.UUID, change.details.get("about", ())),
    )
    note_change(conn, change, "unmerged", author, title=row["title"])
    described = Described(change.other_id, project_id, row["title"], row["grouping"])
    insert_signatures(conn, [described])
    conn.execute(
        _BIND_SOME,
        {"issue": change.other_id, "project": project_id, "fingerprints": fingerprints},
    )
    only = [Selection(fingerprints=fingerprints), *_routes_to_return(conn, change)]
    work = Work(from_issue=change.issue_id, to_issue=change.other_id, only=only)
    return begin_undoing(conn, change, work, author)


def lock_issues(
    conn: Connection[TupleRow], project_id: uuid.UUID, issue_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, dict[str, Any]]:
    """
    Lock issues and read their rows, as JSON.

    Raises:
        NotFound: one of them is not (any more) an issue of the project.
    """
    cursor = conn.cursor(row_factory=dict_row)
    found = cursor.execute(_LOCK_ISSUES, (project_id, list(issue_ids))).fetchall()
    issues = {row["id"]: row["row"] for row in found}
    if missing := set(issue_ids) - issues.keys():
        raise NotFound(f"there is no issue {min(missing)} (any more)")
    return issues


def lock_to_undo(
    conn: Connection[TupleRow], change: Change, issue_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, dict[str, Any]]:
    """
    As ``lock_issues``, for issues that an undone change needs.

    Raises:
        Conflict: one of them is gone.
    """
    try:
        return lock_issues(conn, change.project_id, issue_ids)
    except NotFound as error:
        raise Conflict(
            f"this {change.kind} cannot be undone: {error.message}",
            hint="if the issue was merged since, undo that first; one that was deleted is gone",
        ) from error


def refuse_unless_done(change: Change) -> None:
    """
    Make sure that a change can be undone.

    Raises:
        Conflict: its events are still being moved, or it was undone.
    """
    if change.state == "moving":
        raise Conflict(
            f"this {change.kind} is still moving events", hint="undo it when that is done"
        )
    if change.state != "done":
        raise Conflict(f"this {change.kind} was undone already")


def absorb(conn: Connection[TupleRow], target: uuid.UUID, source: uuid.UUID) -> dict[str, Any]:
    """
    Bind to one locked issue what is bound to another, add its counts, let its comments and activity
    follow, and remove it.

    Returns:
        The ``fingerprints`` and the ids of the ``routes`` that led to the one that was removed, and the
        issues that its activity was ``about``.
    """
    fingerprints = sorted(row[0] for row in conn.execute(_BIND, (target, source)).fetchall())
    routes = [str(row[0]) for row in conn.execute(_ROUTE, (target, source)).fetchall()]
    conn.execute(_ADD_COUNTS, (target, source))
    move_all_counts(conn, from_issue=source, to_issue=target)
    about = let_follow(conn, from_issue=source, to_issue=target)
    conn.execute("DELETE FROM issues WHERE id = %s", (source,))
    return {"fingerprints": fingerprints, "routes": routes, "about": list(map(str, about))}


def note_change(
    conn: Connection[TupleRow], change: Change, kind: str, author: Author, *, title: str
) -> None:
    """Let the activity of an issue say what was merged into it or split off, or no longer is."""
    entry = NewEntry(
        project_id=change.project_id,
        issue_id=change.issue_id,
        kind=kind,
        actor_id=author.user_id,
        actor_name=author.name,
        details={"change_id": change.id, "issue_id": change.other_id, "title": title},
    )
    insert_entries(conn, [entry])


def bound_fingerprints(conn: Connection[TupleRow], issue_id: uuid.UUID) -> list[str]:
    """The fingerprints whose events go to an issue, in order."""
    return [row[0] for row in conn.execute(_FIND_BOUND, (issue_id,)).fetchall()]


def release_own_fingerprint(
    conn: Connection[TupleRow], issue_id: uuid.UUID, leaving: Sequence[str]
) -> None:
    """
    Let an issue be known by a fingerprint that stays with it, when its own is among those that leave.

    Raises:
        Conflict: all of them leave.
    """
    staying = [one for one in bound_fingerprints(conn, issue_id) if one not in leaving]
    if not staying:
        raise Conflict(
            "no fingerprint would be left for the issue",
            hint="if a part of it was split off since, undo that first",
        )
    own = conn.execute(_FIND_OWN, (issue_id,)).fetchone()
    if own is not None and own[0] in leaving:
        conn.execute(_SET_OWN, (staying[0], issue_id))


def _merge(
    conn: Connection[TupleRow], target: dict[str, Any], source: dict[str, Any], author: Author
) -> Change:
    target_id, source_id = uuid.UUID(target["id"]), uuid.UUID(source["id"])
    before = conn.execute("SELECT first_seen FROM issues WHERE id = %s", (target_id,)).fetchall()
    bound = absorb(conn, target_id, source_id)
    change = insert_change(
        conn,
        project_id=uuid.UUID(target["project_id"]),
        kind="merge",
        issue_id=target_id,
        other_id=source_id,
        work=Work(from_issue=source_id, to_issue=target_id, only=[EVERY_EVENT]),
        details={**bound, "row": source, "first_seen_before": before[0][0].isoformat()},
        author=author,
    )
    note_change(conn, change, "merged", author, title=source["title"])
    return change


def _fingerprints_to_return(conn: Connection[TupleRow], change: Change) -> list[str]:
    """Those of the merged issue that are still with the target, its own first where that is."""
    own = change.details["row"]["fingerprint"]
    bound = set(bound_fingerprints(conn, change.issue_id))
    returning = [one for one in change.details["fingerprints"] if one in bound]
    if not returning:
        raise Conflict(
            "this merge cannot be undone: none of its fingerprints is with the issue any more",
            hint="if they were split off since, undo that first",
        )
    release_own_fingerprint(conn, change.issue_id, returning)
    return sorted(returning, key=lambda one: one != own)


def _routes_to_return(conn: Connection[TupleRow], change: Change) -> list[Selection]:
    """Point the routes of the merged issue to it again; which events they select."""
    routes = [uuid.UUID(one) for one in change.details["routes"]]
    values = (change.other_id, routes, change.issue_id)
    return [
        Selection(fingerprints=[fingerprint], **condition)
        for fingerprint, condition in conn.execute(_ROUTE_SOME, values).fetchall()
    ]
