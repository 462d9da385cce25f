"""Issues and events of a project, as far as sentry-cli lists and resolves them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery

from mesher.accounts.access import (
    accessible_issue,
    accessible_organization,
    project_of_organization,
)
from mesher.accounts.actor import Actor
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.sentry.answers import PAGE_ROWS, paged
from mesher.api.sentry.bodies import read_json, receive_body
from mesher.errors import Conflict, NotFound, ProtocolError
from mesher.ids import OrgId
from mesher.search.parse import parse_query
from mesher.search.tree import And, Or, StateIs
from mesher.storage import project_events
from mesher.storage.database import ReadConnection
from mesher.storage.issue_search import search_issues
from mesher.storage.pages import Page
from mesher.storage.project_events import ProjectEvent
from mesher.storage.window import usual_window
from mesher.triage.asked import IssueChange, Resolving
from mesher.triage.deciding import change_issues
from mesher.types import Issue, IssueStatus, Project

SentryStatus = Literal[
    "resolved", "resolvedInNextRelease", "unresolved", "ignored", "muted", "archived"
]
# Sentry's words for what people do to issues; what it ignores, we archive.
_STATUSES: dict[SentryStatus, IssueStatus] = {
    "resolved": "resolved",
    "resolvedInNextRelease": "resolved",
    "unresolved": "unresolved",
    "ignored": "archived",
    "muted": "archived",
    "archived": "archived",
}


class IssueInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An issue as the clients read it."""

    id: uuid.UUID
    short_id: str
    title: str
    culprit: str
    level: str
    status: str
    count: str
    first_seen: datetime
    last_seen: datetime


class EventTag(msgspec.Struct, frozen=True):
    """A tag of an event."""

    key: str
    value: str


class EventInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event as the clients read it."""

    event_id: str = msgspec.field(name="eventID")
    date_created: datetime
    title: str
    message: str
    user: dict[str, Any] | None
    tags: list[EventTag]


class StatusChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done to some issues."""

    status: SentryStatus


async def list_issues(
    request: ApiRequest,
    org_id: FromPath[str],
    project_id: FromPath[str],
    cursor: FromQuery[str | None] = None,
) -> Response[list[IssueInfo]]:
    """A project's issues, the latest first; ``query`` is ``is:<status>`` and text in the title."""
    async with reading_as(request) as (conn, actor):
        project = await _project(conn, actor, org_id, project_id)
        page = await _page(conn, actor, project, request, cursor)
    return paged(request, [_issue_info(issue, project) for issue in page.items], page)


async def update_issues(
    request: ApiRequest, org_id: FromPath[str], project_id: FromPath[str]
) -> StatusChange:
    """
    Give issues a status: those with an ``id=`` of the query, else the page that the query finds.
    """
    await receive_body(request, "write")
    async with writing_as(request, "write") as (conn, actor):
        project = await _project(conn, actor, org_id, project_id)
        change = await read_json(request, StatusChange)
        ids = request.query_params.getall("id", [])
        if len(ids) > PAGE_ROWS:
            raise ProtocolError(f"more than {PAGE_ROWS} issues at once", field="id")
        if ids:
            found = [await accessible_issue(conn, actor, issue_id) for issue_id in ids]
        else:
            found = (await _page(conn, actor, project, request, None)).items
        if any(issue.project_id != project.id for issue in found):
            raise NotFound("there is no such issue")
        outcome = await change_issues(
            conn,
            actor,
            OrgId(project.org_id),
            [project],
            ids=[issue.id for issue in found],
            change=IssueChange(
                status=_STATUSES[change.status],
                resolution=Resolving(in_next_release=True)
                if change.status == "resolvedInNextRelease"
                else None,
            ),
        )
        if any(one.reason == "no_release" for one in outcome.not_changed):
            raise Conflict(
                "the project has no release, so nothing tells which one would be the next",
                hint="resolve the issues as of now",
            )
    return change


async def list_events(
    request: ApiRequest,
    org_id: FromPath[str],
    project_id: FromPath[str],
    cursor: FromQuery[str | None] = None,
) -> Response[list[EventInfo]]:
    """A project's events, the latest first."""
    async with reading_as(request) as (conn, actor):
        project = await _project(conn, actor, org_id, project_id)
        page = await project_events.list_project_events(
            conn, project, limit=PAGE_ROWS, cursor=cursor or None
        )
    return paged(request, [_event_info(event) for event in page.items], page)


async def _project(conn: ReadConnection, actor: Actor, org_id: str, project_id: str) -> Project:
    organization = await accessible_organization(conn, actor, org_id)
    return await project_of_organization(conn, actor, organization, project_id)


async def _page(
    conn: ReadConnection, actor: Actor, project: Project, request: ApiRequest, cursor: str | None
) -> Page[Issue]:
    wanted = request.query_params.getall("status", [])
    unknown = [status for status in wanted if status not in _STATUSES]
    if unknown:
        raise ProtocolError(
            f"{unknown[0]!r} is no status of an issue", hint=f"one of {', '.join(_STATUSES)}"
        )
    statuses = {_STATUSES[msgspec.convert(status, SentryStatus)] for status in wanted}
    now = datetime.now(UTC)
    query = parse_query(request.query_params.get("query", ""), now)
    return await search_issues(
        conn,
        [project],
        And((query, Or(tuple(map(StateIs, sorted(statuses)))))) if statuses else query,
        usual_window(now),
        viewer=actor.viewer.user_id,
        sort="last_seen",
        limit=PAGE_ROWS,
        cursor=cursor or None,
    )


def _issue_info(issue: Issue, project: Project) -> IssueInfo:
    return IssueInfo(
        id=issue.id,
        short_id=f"{project.slug or project.number}-{issue.id.hex[:8]}".upper(),
        title=issue.title,
        culprit=issue.culprit,
        level=issue.level,
        status="ignored" if issue.status in {"archived", "discarded"} else issue.status,
        count=str(issue.event_count),
        first_seen=issue.first_seen,
        last_seen=issue.last_seen,
    )


def _event_info(event: ProjectEvent) -> EventInfo:
    return EventInfo(
        event_id=event.id.hex,
        date_created=event.received_at,
        title=event.title,
        message=event.message,
        user=event.user_context,
        tags=[EventTag(key, value) for key, value in sorted(event.tags.items())],
    )
