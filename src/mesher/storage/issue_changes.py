"""
What people changed about issues: the record of each merge and each split.

    state   moving → done → undoing → undone

A change is decided in one short transaction: bindings, counts and the record. From then on events
arrive at the right issue; those that were stored before follow in steps, in states ``moving`` and
``undoing``, whoever takes them (``continue_change``).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Literal, LiteralString

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

from mesher.errors import Conflict, NotFound
from mesher.storage.issue_moves import Selection, move_events

ChangeKind = Literal["merge", "split"]
ChangeState = Literal["moving", "done", "undoing", "undone"]


class Author(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a change."""

    user_id: uuid.UUID
    name: str


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Which events a change moves."""

    from_issue: uuid.UUID
    to_issue: uuid.UUID
    only: list[Selection]  # events that any of them selects


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A merge or split as it is recorded."""

    id: uuid.UUID
    project_id: uuid.UUID
    kind: ChangeKind
    issue_id: uuid.UUID  # merged into, or split
    other_id: uuid.UUID  # merged away, or split off
    state: ChangeState
    moved_events: int  # since the state began; 0 again when undoing begins
    details: dict[str, Any]  # "work", and what undoing needs, by kind


_COLUMNS: LiteralString = "id, project_id, kind, issue_id, other_id, state, moved_events, details"

_INSERT: LiteralString = f"""
    INSERT INTO issue_changes
        (id, project_id, kind, issue_id, other_id, state, details, made_by, made_by_name)
    VALUES (%s, %s, %s, %s, %s, 'moving', %s, (SELECT id FROM users WHERE id = %s), %s)
    RETURNING {_COLUMNS}
"""

_FIND: LiteralString = f"SELECT {_COLUMNS} FROM issue_changes WHERE id = %s AND project_id = %s"

_FIND_UNFINISHED: LiteralString = f"""
    SELECT {_COLUMNS} FROM issue_changes WHERE state = ANY (ARRAY['moving', 'undoing'])
    ORDER BY made_at
"""

# By idx_issue_changes_issue and idx_issue_changes_other.
_FIND_MOVING: LiteralString = """
    SELECT 1 FROM issue_changes
    WHERE state = ANY (ARRAY['moving', 'undoing'])
      AND (issue_id = ANY (%(ids)s) OR other_id = ANY (%(ids)s))
    LIMIT 1
"""

_BEGIN_UNDOING: LiteralString = f"""
    UPDATE issue_changes
    SET state = 'undoing', moved_events = 0, undone_by_name = %s, undone_at = now(),
        details = details || %s
    WHERE id = %s
    RETURNING {_COLUMNS}
"""

_FINISH: LiteralString = f"""
    UPDATE issue_changes SET state = CASE state WHEN 'moving' THEN 'done' ELSE 'undone' END
    WHERE id = %s AND state = %s
    RETURNING {_COLUMNS}
"""


def insert_change(
    conn: Connection[TupleRow],
    *,
    project_id: uuid.UUID,
    kind: ChangeKind,
    issue_id: uuid.UUID,
    other_id: uuid.UUID,
    work: Work,
    details: dict[str, Any],
    author: Author,
) -> Change:
    """Record a change that was just decided; its events are still to be moved."""
    stored = Jsonb({**details, "work": msgspec.to_builtins(work)})
    values = (uuid.uuid4(), project_id, kind, issue_id, other_id, stored)
    return _one(conn, _INSERT, (*values, author.user_id, author.name))


def find_change(conn: Connection[TupleRow], project_id: uuid.UUID, change_id: uuid.UUID) -> Change:
    """
    The record of a change.

    Raises:
        NotFound: the project has none with this id.
    """
    return _one(conn, _FIND, (change_id, project_id))


def find_unfinished(conn: Connection[TupleRow]) -> list[Change]:
    """The changes of all projects that still have events to move, the oldest first."""
    return conn.cursor(row_factory=class_row(Change)).execute(_FIND_UNFINISHED).fetchall()


def refuse_while_moving(conn: Connection[TupleRow], issue_ids: Sequence[uuid.UUID]) -> None:
    """
    Make sure that no events are on their way into or out of these issues.

    Raises:
        Conflict: some are.
    """
    if conn.execute(_FIND_MOVING, {"ids": list(issue_ids)}).fetchone():
        raise Conflict(
            "events of this issue are still being moved by an earlier merge or split",
            hint="try again when that is done",
        )


def begin_undoing(conn: Connection[TupleRow], change: Change, work: Work, author: Author) -> Change:
    """Record that a change was just undone; its events are still to be moved back."""
    details = Jsonb({"work": msgspec.to_builtins(work)})
    return _one(conn, _BEGIN_UNDOING, (author.name, details, change.id))


def continue_change(conn: Connection[TupleRow], change: Change) -> Iterator[int]:
    """
    Move the events of a change, and note when that is done; whoever iterates may stop after any
    step, and continue another time.

    Args:
        conn: in autocommit mode.
        change: unfinished.

    Yields:
        How many events each step moved.

    Raises:
        Conflict: the issue that they go to is gone.
    """
    work = msgspec.convert(change.details["work"], Work)
    for only in work.only:
        yield from move_events(
            conn,
            project_id=change.project_id,
            from_issue=work.from_issue,
            to_issue=work.to_issue,
            only=only,
            change_id=change.id,
        )
    conn.execute(_FINISH, (change.id, change.state))


def _one(conn: Connection[TupleRow], statement: LiteralString, values: Sequence[Any]) -> Change:
    found = conn.cursor(row_factory=class_row(Change)).execute(statement, values).fetchone()
    if found is None:
        raise NotFound("there is no such change")
    return found
