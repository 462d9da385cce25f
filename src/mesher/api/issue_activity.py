"""What happened to an issue, and what people write about it."""

from __future__ import annotations

import msgspec
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath, FromQuery

from mesher.accounts.access import accessible_issue, comment_of_issue
from mesher.accounts.actor import Actor
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body, takes_body
from mesher.api.projects import PageLimit
from mesher.errors import Forbidden, NotFound
from mesher.storage import issue_activity
from mesher.storage.issue_activity import (
    MAX_COMMENT_CHARACTERS,
    ActivityEntry,
    clean_comment,
)
from mesher.storage.pages import Page

TAKES_COMMENT = takes_body(
    comment=Schema(
        type=OpenAPIType.STRING,
        min_length=1,
        max_length=MAX_COMMENT_CHARACTERS,
        description="Plain text or Markdown; kept and shown as text.",
    )
)


class NewComment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody writes."""

    comment: str


async def list_issue_activity(
    request: ApiRequest,
    issue_id: FromPath[str],
    limit: PageLimit = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[ActivityEntry]:
    """
    What happened to an issue, the latest first: what was decided by whom, comments, merges, and when
    it came back. The last entry of all is that it was seen first.
    """
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        return await issue_activity.list_activity(conn, issue, limit=limit, cursor=cursor)


async def list_issue_comments(
    request: ApiRequest,
    issue_id: FromPath[str],
    limit: PageLimit = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[ActivityEntry]:
    """What people wrote about an issue, the latest first."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        return await issue_activity.list_activity(
            conn, issue, comments_only=True, limit=limit, cursor=cursor
        )


async def create_issue_comment(request: ApiRequest, issue_id: FromPath[str]) -> ActivityEntry:
    """Write a comment on an issue."""
    async with writing_as(request, "write") as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        given = await read_body(request, NewComment)
        return await issue_activity.insert_comment(
            conn, issue, author=actor.author, comment=clean_comment(given.comment)
        )


async def update_issue_comment(
    request: ApiRequest, issue_id: FromPath[str], comment_id: FromPath[str]
) -> ActivityEntry:
    """Give a comment of one's own another text."""
    async with writing_as(request, "write") as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        number = _own(actor, await comment_of_issue(conn, issue, comment_id))
        given = await read_body(request, NewComment)
        changed = await issue_activity.edit_comment(
            conn, issue, number, comment=clean_comment(given.comment)
        )
    if changed is None:
        raise NotFound("the comment was deleted meanwhile")
    return changed


async def delete_issue_comment(
    request: ApiRequest, issue_id: FromPath[str], comment_id: FromPath[str]
) -> None:
    """Remove a comment of one's own."""
    async with writing_as(request, "write") as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        number = _own(actor, await comment_of_issue(conn, issue, comment_id))
        await issue_activity.delete_comment(conn, issue, number)


def _own(actor: Actor, comment: ActivityEntry) -> int:
    """
    The number of a comment that an actor has written.

    Raises:
        Forbidden: somebody else has.
    """
    if comment.actor_id != actor.viewer.user_id:
        raise Forbidden(
            "somebody else has written this comment", hint="write one of your own instead"
        )
    return int(comment.id)
