"""What people decide about an issue on its page, and what they write about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar.params import FromPath
from litestar.response import Redirect

from mesher.accounts.access import accessible_issue, accessible_project, comment_of_issue
from mesher.accounts.actor import Actor
from mesher.errors import Forbidden, ProtocolError
from mesher.ids import OrgId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.issue_activity import (
    MAX_COMMENT_CHARACTERS,
    clean_comment,
    delete_comment,
    find_extras,
    insert_comment,
)
from mesher.storage.memberships import list_members
from mesher.storage.pages import MAX_PAGE_ROWS
from mesher.triage.asked import Archiving, IssueChange, Resolving
from mesher.triage.deciding import change_issue
from mesher.types import Issue, Project
from mesher.web.forms import fields
from mesher.web.session import WebRequest, writing_as

# The rest is over the API.
ENTRIES_PER_PAGE = 30

# What an archive on the page may wait for, as people choose it.
ARCHIVES: Mapping[str, tuple[str, timedelta | int | None]] = {
    "escalating": ("until it escalates", None),
    "hour": ("for an hour", timedelta(hours=1)),
    "day": ("for a day", timedelta(days=1)),
    "week": ("for a week", timedelta(days=7)),
    "10": ("until 10 more events", 10),
    "100": ("until 100 more events", 100),
    "1000": ("until 1,000 more events", 1000),
}


async def triage_sections(conn: ReadConnection, issue: Issue, project: Project) -> dict[str, Any]:
    """What the pages of an issue and its events show of what people can do with it."""
    members = await list_members(conn, OrgId(project.org_id), limit=MAX_PAGE_ROWS, cursor=None)
    return {
        "archives": [(name, label) for name, (label, _) in ARCHIVES.items()],
        "extras": (await find_extras(conn, [issue.id])).get(issue.id),
        "max_comment_characters": MAX_COMMENT_CHARACTERS,
        "members": members.items,
    }


async def submit_resolution(request: WebRequest, issue_id: FromPath[str]) -> Redirect:
    """Resolve an issue in a release."""
    async with writing_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        form = await fields(request)
        version = form.get("release", "").strip()
        asked = Resolving(
            in_release=version if form.get("in") == "named" else None,
            in_current_release=form.get("in") == "current",
            in_next_release=form.get("in") == "next",
        )
        if asked == Resolving() or asked.in_release == "":
            raise ProtocolError("no release was named", hint="choose one, or write its version")
        await _change(conn, actor, issue, IssueChange(status="resolved", resolution=asked))
    return _to_issue(issue)


async def submit_archive(request: WebRequest, issue_id: FromPath[str]) -> Redirect:
    """Archive an issue until something happens."""
    async with writing_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        chosen = (await fields(request)).get("until", "")
        if chosen not in ARCHIVES:
            raise ProtocolError("nothing was chosen that ends it", hint="choose one of the list")
        match ARCHIVES[chosen][1]:
            case int(events):
                archive = Archiving(events=events)
            case timedelta() as time:
                archive = Archiving(until=datetime.now(UTC) + time)
            case None:
                archive = Archiving(until_escalating=True)
        await _change(conn, actor, issue, IssueChange(status="archived", archive=archive))
    return _to_issue(issue)


async def submit_assignment(request: WebRequest, issue_id: FromPath[str]) -> Redirect:
    """Assign an issue to a member, or to nobody."""
    async with writing_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        assignee = (await fields(request)).get("assigned_to") or None
        await _change(conn, actor, issue, IssueChange(assigned_to=assignee))
    return _to_issue(issue)


async def submit_comment(request: WebRequest, issue_id: FromPath[str]) -> Redirect:
    """Write a comment."""
    async with writing_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        comment = clean_comment((await fields(request)).get("comment", ""))
        await insert_comment(conn, issue, author=actor.author, comment=comment)
    return _to_issue(issue)


async def submit_comment_deletion(
    request: WebRequest, issue_id: FromPath[str], comment_id: FromPath[str]
) -> Redirect:
    """Delete a comment of one's own."""
    async with writing_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        comment = await comment_of_issue(conn, issue, comment_id)
        if comment.actor_id != actor.viewer.user_id:
            raise Forbidden("somebody else has written this comment")
        await delete_comment(conn, issue, int(comment.id))
    return _to_issue(issue)


async def _change(conn: WriteConnection, actor: Actor, issue: Issue, change: IssueChange) -> None:
    project = await accessible_project(conn, actor, str(issue.project_id))
    await change_issue(conn, actor, project, issue, change)


def _to_issue(issue: Issue) -> Redirect:
    return Redirect(f"/issues/{issue.id}", status_code=303)
