"""What happened to an issue, and what people wrote about it; ``new_activity`` is its other half."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from mesher.errors import ProtocolError
from mesher.storage.audit_log import Author
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.pages import Page, cut_page, decode_cursor
from mesher.types import Issue

# Some pages. What is longer is a file.
MAX_COMMENT_CHARACTERS = 10_000


class ActivityEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to an issue."""

    id: str
    kind: str  # resolved, assigned, comment, regressed, ...
    at: datetime
    actor_id: uuid.UUID | None  # None: nobody did it, or their account is no more
    actor_name: str | None  # None: nobody did it
    details: Mapping[str, Any]  # by kind; of most it is empty
    comment: str | None  # of the kind "comment"
    edited_at: datetime | None


class IssueExtras(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of an issue beside its row."""

    assignee: str | None  # the name of who it is assigned to
    comments: int


NO_EXTRAS = IssueExtras(assignee=None, comments=0)

_COLUMNS = "a.id, a.kind, a.at, a.actor_id, a.actor_name, a.details, a.comment, a.edited_at"

# The same for each issue; who did it keeps the name that they had then.
_INSERT = text("""
    INSERT INTO issue_activity
        (project_id, issue_id, about_issue, kind, actor_id, actor_name, details)
    SELECT i.project_id, i.id, i.id, :kind, :actor_id, :actor_name, CAST(:details AS jsonb)
    FROM issues AS i WHERE i.id = ANY (:ids)
    ORDER BY i.id
""")

# Backwards by idx_issue_activity_issue.
_LIST = """
    SELECT {columns} FROM issue_activity AS a
    WHERE a.issue_id = :issue_id {more}
    ORDER BY a.id DESC
    LIMIT :limit
"""

_FIND_COMMENT = text(f"""
    SELECT {_COLUMNS} FROM issue_activity AS a
    WHERE a.issue_id = :issue_id AND a.id = :id AND a.kind = 'comment'
""")

_INSERT_COMMENT = text(f"""
    INSERT INTO issue_activity AS a
        (project_id, issue_id, about_issue, kind, actor_id, actor_name, comment)
    VALUES (:project_id, :issue_id, :issue_id, 'comment', :actor_id, :actor_name, :comment)
    RETURNING {_COLUMNS}
""")

_EDIT_COMMENT = text(f"""
    UPDATE issue_activity AS a SET comment = :comment, edited_at = now()
    WHERE a.issue_id = :issue_id AND a.id = :id AND a.kind = 'comment'
    RETURNING {_COLUMNS}
""")

_DELETE_COMMENT = text("""
    DELETE FROM issue_activity WHERE issue_id = :issue_id AND id = :id AND kind = 'comment'
""")

# For the issues of one page; comments by idx_issue_activity_issue, some rows each.
_FIND_EXTRAS = text("""
    SELECT i.id, coalesce(nullif(u.display_name, ''), u.email) AS assignee,
           (SELECT count(*) FROM issue_activity AS a
            WHERE a.issue_id = i.id AND a.kind = 'comment') AS comments
    FROM issues AS i LEFT JOIN users AS u ON u.id = i.assigned_to
    WHERE i.id = ANY (:ids)
""")


async def insert_entry(
    conn: WriteConnection,
    issue_ids: Sequence[uuid.UUID],
    *,
    kind: str,
    author: Author,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write down that the same was done to issues; the caller commits."""
    await conn.execute(
        _INSERT,
        {
            "ids": list(issue_ids),
            "kind": kind,
            "actor_id": author.id,
            "actor_name": author.name,
            "details": msgspec.json.encode(details or {}).decode(),
        },
    )


async def list_activity(
    conn: ReadConnection,
    issue: Issue,
    *,
    comments_only: bool = False,
    limit: int,
    cursor: str | None,
) -> Page[ActivityEntry]:
    """
    What happened to an issue, the latest first; the last entry of the last page is that it was seen
    first, unless only comments are asked for.

    Raises:
        ProtocolError: the cursor is not one of this list.
    """
    values: dict[str, Any] = {"issue_id": issue.id, "limit": limit + 1}
    more = ""
    if comments_only:
        more += " AND a.kind = 'comment'"
    if cursor:
        (values["before"],) = decode_cursor(cursor, tuple[int])
        more += " AND a.id < :before"
    result = await conn.execute(text(_LIST.format(columns=_COLUMNS, more=more)), values)
    entries = [_entry(row) for row in result.mappings()]
    page = cut_page(entries, limit, lambda entry: (int(entry.id),))
    if comments_only or page.next_cursor:
        return page
    return Page([*page.items, _first_seen(issue)])


def clean_comment(comment: str) -> str:
    """
    A comment as it is kept: text, whatever markup is in it.

    Raises:
        ProtocolError: there is nothing to read in it, or more than ``MAX_COMMENT_CHARACTERS``.
    """
    cleaned = comment.replace("\0", "").strip()  # PostgreSQL refuses NUL characters
    if not cleaned:
        raise ProtocolError("the comment is empty", field="comment")
    if len(cleaned) > MAX_COMMENT_CHARACTERS:
        raise ProtocolError(
            f"the comment has {len(cleaned)} characters; at most {MAX_COMMENT_CHARACTERS} are kept",
            field="comment",
        )
    return cleaned


async def find_comment(conn: ReadConnection, issue: Issue, comment_id: int) -> ActivityEntry | None:
    """A comment on an issue."""
    result = await conn.execute(_FIND_COMMENT, {"issue_id": issue.id, "id": comment_id})
    row = result.mappings().one_or_none()
    return _entry(row) if row else None


async def insert_comment(
    conn: WriteConnection, issue: Issue, *, author: Author, comment: str
) -> ActivityEntry:
    """Write a comment on an issue."""
    values = {
        "project_id": issue.project_id,
        "issue_id": issue.id,
        "actor_id": author.id,
        "actor_name": author.name,
        "comment": comment,
    }
    return _entry((await conn.execute(_INSERT_COMMENT, values)).mappings().one())


async def edit_comment(
    conn: WriteConnection, issue: Issue, comment_id: int, *, comment: str
) -> ActivityEntry | None:
    """Give a comment another text; ``None`` where it was deleted meanwhile."""
    values = {"issue_id": issue.id, "id": comment_id, "comment": comment}
    row = (await conn.execute(_EDIT_COMMENT, values)).mappings().one_or_none()
    return _entry(row) if row else None


async def delete_comment(conn: WriteConnection, issue: Issue, comment_id: int) -> None:
    """Remove a comment."""
    await conn.execute(_DELETE_COMMENT, {"issue_id": issue.id, "id": comment_id})


async def find_extras(
    conn: ReadConnection, issue_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, IssueExtras]:
    """What is shown of issues beside their rows; of one that was deleted meanwhile there is nothing."""
    if not issue_ids:
        return {}
    result = await conn.execute(_FIND_EXTRAS, {"ids": list(issue_ids)})
    return {row.id: IssueExtras(assignee=row.assignee, comments=row.comments) for row in result}


def _entry(row: Mapping[Any, Any]) -> ActivityEntry:
    return msgspec.convert({**row, "id": str(row["id"])}, ActivityEntry)


def _first_seen(issue: Issue) -> ActivityEntry:
    return ActivityEntry(
        id="0",  # below every other
        kind="first_seen",
        at=issue.first_seen,
        actor_id=None,
        actor_name=None,
        details={},
        comment=None,
        edited_at=None,
    )
