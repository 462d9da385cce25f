"""One issue, one of its events, and what people do to an issue."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect

from mesher.accounts.access import (
    accessible_issue,
    accessible_project,
    event_of_issue,
    issue_merged_into,
)
from mesher.accounts.actor import Actor
from mesher.errors import NotFound
from mesher.explaining import explain_event, explain_issue, rules_of
from mesher.protocol.event import message_text
from mesher.storage.attachments import list_attachments
from mesher.storage.database import ReadConnection
from mesher.storage.events import find_latest_event, find_neighbours, full_event, list_events
from mesher.storage.issue_activity import list_activity
from mesher.storage.issues import delete_issue
from mesher.storage.tag_counts import count_issue_tags
from mesher.symbolication.problems import KINDS
from mesher.triage.asked import IssueChange
from mesher.triage.deciding import change_issue
from mesher.types import Event, Issue, IssueStatus
from mesher.web.event_text import as_markdown
from mesher.web.issue_changes import grouping_sections
from mesher.web.issue_facts import issue_facts
from mesher.web.render import project_path, render
from mesher.web.session import WebRequest, reading_as, writing_as
from mesher.web.triage import ENTRIES_PER_PAGE, triage_sections

# The latest event stands above the list in full.
EVENTS_PER_PAGE = 25

# What people ask of an issue first; other tags stand behind these.
_TAGS = (
    "release",
    "environment",
    "url",
    "transaction",
    "browser",
    "os",
    "device",
    "server_name",
    "user",
)

_ACTIONS: dict[IssueStatus, str] = {
    "resolved": "Resolve",
    "unresolved": "Unresolve",
    "archived": "Archive",
    "discarded": "Discard",
}


class StatusForm(msgspec.Struct):
    """What a status button sends."""

    status: IssueStatus


async def show_issue(
    request: WebRequest, issue_id: FromPath[str], cursor: FromQuery[str | None] = None
) -> Response[Any]:
    """An issue with its latest event and a page of all; of a merged one where it is now."""
    async with reading_as(request) as (conn, actor):
        try:
            issue = await accessible_issue(conn, actor, issue_id)
        except NotFound:
            merged = await issue_merged_into(conn, actor, issue_id)
            return Redirect(f"/issues/{merged.id}", status_code=303)
        head = await _head(conn, actor, issue)
        stored = await find_latest_event(conn, issue)
        values = {
            **await _body(conn, head, stored),
            **await grouping_sections(conn, issue),
            **await issue_facts(conn, issue, head["project"], stored, head["now"]),
            "activity": await list_activity(conn, issue, limit=ENTRIES_PER_PAGE, cursor=None),
            "explained": explain_issue(issue, stored, await rules_of(conn, issue)),
            "events": await list_events(conn, issue, limit=EVENTS_PER_PAGE, cursor=cursor),
        }
    return render("issue.html", **head, **values)


async def show_event(
    request: WebRequest, issue_id: FromPath[str], event_id: FromPath[str]
) -> Response[Any]:
    """An event in full, with links to its neighbours; of a merged issue where it is now."""
    async with reading_as(request) as (conn, actor):
        try:
            issue = await accessible_issue(conn, actor, issue_id)
        except NotFound:
            merged = await issue_merged_into(conn, actor, issue_id)
            return Redirect(f"/issues/{merged.id}/events/{quote(event_id)}", status_code=303)
        stored = await event_of_issue(conn, issue, event_id)
        head = await _head(conn, actor, issue)
        body = await _body(conn, head, stored)
        rules = await rules_of(conn, issue)
    return render("event.html", **head, **body, explained=explain_event(stored, rules))


async def show_event_as_markdown(
    request: WebRequest, issue_id: FromPath[str], event_id: FromPath[str]
) -> Response[str]:
    """An event as text, for a ticket or a coding agent."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        stored = await event_of_issue(conn, issue, event_id)
    return Response(as_markdown(issue.title, full_event(stored)), media_type="text/markdown")


async def show_issue_tags(request: WebRequest, issue_id: FromPath[str]) -> Response[str]:
    """Which tags the latest events of an issue have; its page fetches this when it stands."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        project = await accessible_project(conn, actor, str(issue.project_id))
        counts = await count_issue_tags(conn, issue)
    tags = sorted(counts.tags, key=lambda tag: _TAGS.index(tag.key) if tag.key in _TAGS else 99)
    return render(
        "issue_tags.html", actor=actor, project=project, issue=issue, counts=counts, tags=tags
    )


async def submit_status(
    request: WebRequest,
    issue_id: FromPath[str],
    data: URLEncodedBody[StatusForm],
) -> Redirect:
    """Give an issue a status."""
    async with writing_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        project = await accessible_project(conn, actor, str(issue.project_id))
        await change_issue(conn, actor, project, issue, IssueChange(status=data.status))
    return Redirect(f"/issues/{issue.id}", status_code=303)


async def submit_deletion(request: WebRequest, issue_id: FromPath[str]) -> Redirect:
    """Delete an issue with its events."""
    async with writing_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        project = await accessible_project(conn, actor, str(issue.project_id))
        await delete_issue(conn, issue)
    return Redirect(f"{project_path(project)}/issues", status_code=303)


async def _head(conn: ReadConnection, actor: Actor, issue: Issue) -> dict[str, Any]:
    """What both pages show around an event."""
    project = await accessible_project(conn, actor, str(issue.project_id))
    return {
        "actor": actor,
        "project": project,
        "issue": issue,
        "actions": [(status, text) for status, text in _ACTIONS.items() if status != issue.status],
        "now": datetime.now(UTC),
        **await triage_sections(conn, issue, project),
    }


async def _body(conn: ReadConnection, head: dict[str, Any], stored: Event | None) -> dict[str, Any]:
    """What the template of an event needs; an issue may have outlived its events."""
    if stored is None:
        return {"stored": None}
    event = full_event(stored)
    return {
        "stored": stored,
        "event": event,
        "neighbours": await find_neighbours(conn, stored),
        "attachments": await list_attachments(conn, head["project"], stored.id),
        "message": message_text(event),
        "unmapped": [error for error in event.errors if error.type in KINDS],
        "changed": [error for error in event.errors if error.type not in KINDS],
    }
