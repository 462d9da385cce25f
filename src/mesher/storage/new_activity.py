"""What happens to issues without a request of its own: written by digest, jobs, merges and splits."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, LiteralString

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.json_rows import json_rows

_INSERT: LiteralString = """
    INSERT INTO issue_activity
        (project_id, issue_id, about_issue, kind, at, actor_id, actor_name, details)
    SELECT project_id, issue_id, issue_id, kind, coalesce(at, now()),
           (SELECT id FROM users WHERE id = actor_id), actor_name, details
    FROM json_to_recordset(%s::json) AS new(
        project_id uuid, issue_id uuid, kind text, at timestamptz, actor_id uuid, actor_name text,
        details jsonb)
"""

# By idx_issue_activity_issue.
_FOLLOW: LiteralString = """
    WITH followed AS (
        UPDATE issue_activity SET issue_id = %s WHERE issue_id = %s RETURNING about_issue
    )
    SELECT DISTINCT about_issue FROM followed ORDER BY about_issue
"""
_GO_BACK: LiteralString = """
    UPDATE issue_activity SET issue_id = %s WHERE issue_id = %s AND about_issue = ANY (%s)
"""


class NewEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to an issue."""

    project_id: uuid.UUID
    issue_id: uuid.UUID
    kind: str
    details: dict[str, Any]
    at: datetime | None = None  # None: now
    actor_id: uuid.UUID | None = None  # None: nobody did it
    actor_name: str | None = None


def insert_entries(conn: Connection[TupleRow], entries: Iterable[NewEntry]) -> None:
    """Write down what happened, in the order given; the caller commits."""
    if rows := list(entries):
        conn.execute(_INSERT, (json_rows(rows),))


def let_follow(
    conn: Connection[TupleRow], *, from_issue: uuid.UUID, to_issue: uuid.UUID
) -> list[uuid.UUID]:
    """
    Let comments and all that happened follow to another issue.

    Returns:
        The issues that it was about, which ``let_return`` needs.
    """
    return [row[0] for row in conn.execute(_FOLLOW, (to_issue, from_issue)).fetchall()]


def let_return(
    conn: Connection[TupleRow],
    *,
    from_issue: uuid.UUID,
    to_issue: uuid.UUID,
    about: Iterable[uuid.UUID],
) -> None:
    """Undo ``let_follow``; what was written about the other issue since stays there."""
    conn.execute(_GO_BACK, (to_issue, from_issue, list(about)))
