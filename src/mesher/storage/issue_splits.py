"""
Splitting an issue, and taking a split back.

By fingerprint: the new issue takes over bindings. By release or by a call: the fingerprints stay
bound to the issue, and a route of each leads those of their events that meet the condition to the new
one. Both hold for the events that are stored and for those to come.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any, LiteralString

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from mesher.errors import Conflict, ProtocolError
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
from mesher.storage.issue_merges import (
    absorb,
    bound_fingerprints,
    lock_issues,
    lock_to_undo,
    note_change,
    refuse_unless_done,
    release_own_fingerprint,
)
from mesher.storage.issue_moves import EVERY_EVENT, Selection, hold_moves_alone
from mesher.storage.issue_signatures import Described, insert_signatures


class Splitting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By what an issue is split: by fingerprints, or by release, frame or both."""

    fingerprints: list[str] | None = None  # bound to the issue, not all of them
    release: str | None = None
    frame: dict[str, str] | None = None  # "module", "function" or both, of one call


class Looks(msgspec.Struct, frozen=True, kw_only=True):
    """How the new issue is called, and why its events are together."""

    title: str
    culprit: str
    platform: str
    grouping: Any  # JSON


# The new issue has no events yet; its times come with them.
_INSERT_ISSUE: LiteralString = """
    INSERT INTO issues (id, project_id, fingerprint, title, culprit, platform, grouping, level,
                        status, first_seen, last_seen)
    SELECT %(id)s, project_id, %(fingerprint)s, %(title)s, %(culprit)s, %(platform)s, %(grouping)s,
           level, 'unresolved', first_seen, last_seen
    FROM issues WHERE id = %(from_issue)s
"""

_BIND: LiteralString = """
    INSERT INTO issue_fingerprints AS b (project_id, fingerprint, issue_id)
    SELECT %s, fingerprint, %s FROM unnest(%s::text[]) AS fingerprint
    ON CONFLICT (project_id, fingerprint) DO UPDATE SET issue_id = excluded.issue_id
"""

_ADD_ROUTES: LiteralString = """
    WITH routed AS (
        UPDATE issue_fingerprints SET has_routes = true WHERE issue_id = %(from_issue)s
        RETURNING project_id, fingerprint
    )
    INSERT INTO issue_routes (project_id, fingerprint, condition, issue_id)
    SELECT project_id, fingerprint, %(condition)s, %(to_issue)s FROM routed
"""

_DELETE_ROUTES: LiteralString = "DELETE FROM issue_routes WHERE issue_id = %s"

_DELETE_BINDING: LiteralString = """
    DELETE FROM issue_fingerprints WHERE issue_id = %s AND fingerprint = %s
"""

_FIND_ROUTES_TO: LiteralString = "SELECT 1 FROM issue_routes WHERE issue_id = %s LIMIT 1"

# Changes of the issue that was split off, which would be lost with it.
_FIND_LATER: LiteralString = """
    SELECT 1 FROM issue_changes WHERE issue_id = %s AND state <> 'undone' LIMIT 1
"""


def split_issue(
    conn: Connection[TupleRow],
    *,
    project_id: uuid.UUID,
    issue_id: uuid.UUID,
    by: Splitting,
    looks: Looks,
    author: Author,
) -> Change:
    """
    Decide to split an issue, in the caller's transaction; events are to be moved after it.

    Raises:
        NotFound: it is not (any more) an issue of the project.
        ProtocolError: as ``selection_of``; or the issue lacks a fingerprint that is named.
        Conflict: its events are still being moved; or there would be nothing left to split.
    """
    only = selection_of(by)
    hold_moves_alone(conn, project_id)
    hold_bindings_alone(conn, project_id)
    refuse_while_moving(conn, [issue_id])
    lock_issues(conn, project_id, [issue_id])
    new_id = uuid.uuid4()
    if by.fingerprints:
        _refuse_unbound(conn, issue_id, by.fingerprints)
        release_own_fingerprint(conn, issue_id, by.fingerprints)
        fingerprints = by.fingerprints
    else:
        _refuse_routed(conn, issue_id)
        # Of no event: an issue has a fingerprint, and this one is found by its routes.
        fingerprints = [hashlib.md5(new_id.bytes, usedforsecurity=False).hexdigest()]
    values = {
        **msgspec.structs.asdict(looks),
        "id": new_id,
        "from_issue": issue_id,
        "fingerprint": fingerprints[0],
        "grouping": Jsonb(looks.grouping),
    }
    conn.execute(_INSERT_ISSUE, values)
    insert_signatures(conn, [Described(new_id, project_id, looks.title, looks.grouping)])
    conn.execute(_BIND, (project_id, new_id, fingerprints))
    if not by.fingerprints:
        condition = {"release": only.release, "frame": only.frame}
        values["condition"] = Jsonb({name: it for name, it in condition.items() if it})
        conn.execute(_ADD_ROUTES, {**values, "to_issue": new_id})
    change = insert_change(
        conn,
        project_id=project_id,
        kind="split",
        issue_id=issue_id,
        other_id=new_id,
        work=Work(from_issue=issue_id, to_issue=new_id, only=[only]),
        details={
            "by": msgspec.to_builtins(by),
            "own": None if by.fingerprints else fingerprints[0],
        },
        author=author,
    )
    note_change(conn, change, "split", author, title=looks.title)
    return change


def selection_of(by: Splitting) -> Selection:
    """
    The events that a split moves.

    Raises:
        ProtocolError: ``by`` names nothing, or more than goes together.
    """
    if bool(by.fingerprints) == bool(by.release or by.frame):
        raise ProtocolError(
            "it is not said by what to split the issue",
            hint="name fingerprints, or a release, a frame with its module or function, or both",
        )
    if not (by.frame or {}).keys() <= {"module", "function"}:
        raise ProtocolError("a frame is named by its module and its function", field="frame")
    return Selection(
        fingerprints=by.fingerprints or None, release=by.release or None, frame=by.frame or None
    )


def undo_split(
    conn: Connection[TupleRow], *, project_id: uuid.UUID, change_id: uuid.UUID, author: Author
) -> Change:
    """
    Decide that a split is undone, in the caller's transaction: all of the issue that was split off
    goes back; its events are to be moved after it.

    Raises:
        NotFound: the project has no such change.
        Conflict: it is not done, or undone already, or what came after it has to be undone first.
    """
    hold_moves_alone(conn, project_id)
    hold_bindings_alone(conn, project_id)
    change = find_change(conn, project_id, change_id)
    refuse_unless_done(change)
    refuse_while_moving(conn, [change.issue_id, change.other_id])
    issues = lock_to_undo(conn, change, [change.issue_id, change.other_id])
    if conn.execute(_FIND_LATER, (change.other_id,)).fetchone():
        raise Conflict(
            "this split cannot be undone: what was split off was merged into or split since",
            hint="undo that first",
        )
    conn.execute(_DELETE_ROUTES, (change.other_id,))
    conn.execute(_DELETE_BINDING, (change.other_id, change.details["own"]))
    absorb(conn, change.issue_id, change.other_id)
    note_change(conn, change, "unsplit", author, title=issues[change.other_id]["title"])
    work = Work(from_issue=change.other_id, to_issue=change.issue_id, only=[EVERY_EVENT])
    return begin_undoing(conn, change, work, author)


def _refuse_unbound(
    conn: Connection[TupleRow], issue_id: uuid.UUID, fingerprints: Sequence[str]
) -> None:
    if unknown := set(fingerprints) - set(bound_fingerprints(conn, issue_id)):
        raise ProtocolError(
            f"the issue has no fingerprint {min(unknown)}",
            hint="look up its fingerprints",
            field="fingerprints",
        )


def _refuse_routed(conn: Connection[TupleRow], issue_id: uuid.UUID) -> None:
    """Of events that come by a route, a second condition could only be met beside the first."""
    if conn.execute(_FIND_ROUTES_TO, (issue_id,)).fetchone():
        raise Conflict(
            "this issue was itself split off by release or frame",
            hint="undo that split, and split the first issue by both",
        )
