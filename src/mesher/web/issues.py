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
from mesher.storage.attachments import AttachmentSummary, list_attachments
from mesher.storage.database import ReadConnection
from mesher.storage.events import find_latest_event, find_neighbours, full_event, list_events
from mesher.storage.issues import delete_issue
from mesher.symbolication.problems import KINDS
from mesher.triage.asked import IssueChange
from mesher.triage.deciding import change_issue
from mesher.types import Event, Issue, IssueStatus
from mesher.web.issue_changes import grouping_sections
from mesher.web.render import project_path, render
from mesher.web.session import WebRequest, reading_as, writing_as
from mesher.web.triage import triage_sections

# The latest event stands above the list in full.
EVENTS_PER_PAGE = 25

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
        stored = await find_latest_event(conn, issue)
        events = await list_events(conn, issue, limit=EVENTS_PER_PAGE, cursor=cursor)
        head = await _head(conn, actor, issue)
        files = await _attachments(conn, head, stored)
        grouping = await grouping_sections(conn, issue)
        triage = await triage_sections(conn, issue, head["project"])
        rules = await rules_of(conn, issue)
    return render(
        "issue.html",
        **head,
        **_body(stored),
        **grouping,
        **triage,
        explained=explain_issue(issue, stored, rules),
        events=events,
        attachments=files,
    )


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
        neighbours = await find_neighbours(conn, stored)
        head = await _head(conn, actor, issue)
        files = await _attachments(conn, head, stored)
        rules = await rules_of(conn, issue)
    return render(
        "event.html",
        **head,
        **_body(stored),
        explained=explain_event(stored, rules),
        neighbours=neighbours,
        attachments=files,
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
    return {
        "actor": actor,
        "project": await accessible_project(conn, actor, str(issue.project_id)),
        "issue": issue,
        "actions": [(status, text) for status, text in _ACTIONS.items() if status != issue.status],
        "now": datetime.now(UTC),
    }


async def _attachments(
    conn: ReadConnection, head: dict[str, Any], stored: Event | None
) -> list[AttachmentSummary]:
    return await list_attachments(conn, head["project"], stored.id) if stored else []


def _body(stored: Event | None) -> dict[str, Any]:
    """What the template of an event needs; an issue may have outlived its events."""
    if stored is None:
        return {"stored": None}
    event = full_event(stored)
    return {
        "stored": stored,
        "event": event,
        "message": message_text(event),
        "unmapped": [error for error in event.errors if error.type in KINDS],
        "changed": [error for error in event.errors if error.type not in KINDS],
    }
