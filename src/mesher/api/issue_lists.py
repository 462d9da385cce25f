"""Lists of issues and events, as a query finds them in a project or an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from mesher.accounts.access import (
    accessible_organization,
    accessible_project,
    projects_of_organization,
)
from mesher.accounts.actor import Actor
from mesher.api.acting import ApiRequest, reading_as
from mesher.api.json_forms import extend, extended
from mesher.api.projects import PageLimit
from mesher.api.searching import (
    Environment,
    QueryText,
    Since,
    Until,
)
from mesher.search.asked import asked_query
from mesher.storage.database import ReadConnection
from mesher.storage.event_search import search_events
from mesher.storage.events import EventSummary
from mesher.storage.issue_activity import NO_EXTRAS, find_extras
from mesher.storage.issue_counts import counts_of_issues
from mesher.storage.issue_search import IssueSort, search_issues
from mesher.storage.pages import Page
from mesher.storage.window import Window, asked_window
from mesher.types import Issue, IssueStatus, Project

# Points of a sparkline: one for each hour of a day, or half a day of the usual window.
MAX_BUCKETS = 100
Buckets = Annotated[
    int,
    QueryParameter(
        name="buckets", ge=1, le=MAX_BUCKETS, description="how many parts the window is counted in"
    ),
]

ISSUE_ROW = extended(
    "IssueRow", Issue, assignee=str | None, comments=int, events_in_window=int, series=list[int]
)
IssuePage = Page[ISSUE_ROW]  # type: ignore[valid-type]


@dataclass(frozen=True, kw_only=True)
class IssueListing:
    """The parameters of a list of issues."""

    text: QueryText = ""
    status: FromQuery[IssueStatus | None] = None
    environment: Environment = None
    since: Since = None
    until: Until = None
    sort: FromQuery[IssueSort] = "last_seen"
    buckets: Buckets = 24
    limit: PageLimit = 50
    cursor: FromQuery[str | None] = None


@dataclass(frozen=True, kw_only=True)
class EventListing:
    """The parameters of a list of events."""

    text: QueryText = ""
    environment: Environment = None
    since: Since = None
    until: Until = None
    limit: PageLimit = 50
    cursor: FromQuery[str | None] = None


async def list_issues(
    request: ApiRequest, project_id: FromPath[str], asked: NamedDependency[IssueListing]
) -> IssuePage:
    """A project's issues that a query finds, latest or largest first, each with its events in the window."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return await _issues(conn, actor, [project], asked)


async def list_organization_issues(
    request: ApiRequest, org_id: FromPath[str], asked: NamedDependency[IssueListing]
) -> IssuePage:
    """The same over all projects of an organisation that the caller sees."""
    async with reading_as(request) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        projects = await projects_of_organization(conn, actor, organization)
        return await _issues(conn, actor, projects, asked)


async def list_project_events(
    request: ApiRequest, project_id: FromPath[str], asked: NamedDependency[EventListing]
) -> Page[EventSummary]:
    """A project's events that a query finds, the latest first."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return await _events(conn, actor, [project], asked)


async def list_organization_events(
    request: ApiRequest, org_id: FromPath[str], asked: NamedDependency[EventListing]
) -> Page[EventSummary]:
    """The same over all projects of an organisation that the caller sees."""
    async with reading_as(request) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        projects = await projects_of_organization(conn, actor, organization)
        return await _events(conn, actor, projects, asked)


async def _issues(
    conn: ReadConnection, actor: Actor, projects: Sequence[Project], asked: IssueListing
) -> IssuePage:
    query = asked_query(asked.text, status=asked.status, environment=asked.environment)
    window = asked_window(asked.since, asked.until)
    page = await search_issues(
        conn,
        projects,
        query,
        window,
        viewer=actor.viewer.user_id,
        sort=asked.sort,
        limit=asked.limit,
        cursor=asked.cursor,
    )
    return await _with_counts(conn, page, window, asked.buckets)


async def _events(
    conn: ReadConnection, actor: Actor, projects: Sequence[Project], asked: EventListing
) -> Page[EventSummary]:
    return await search_events(
        conn,
        projects,
        asked_query(asked.text, environment=asked.environment),
        asked_window(asked.since, asked.until),
        viewer=actor.viewer.user_id,
        limit=asked.limit,
        cursor=asked.cursor,
    )


async def _with_counts(
    conn: ReadConnection, page: Page[Issue], window: Window, buckets: int
) -> IssuePage:
    ids = [issue.id for issue in page.items]
    counts = await counts_of_issues(conn, ids, window, buckets=buckets)
    extras = await find_extras(conn, ids)
    rows: list[msgspec.Struct] = [
        extend(
            ISSUE_ROW,
            issue,
            **msgspec.structs.asdict(extras.get(issue.id, NO_EXTRAS)),
            events_in_window=counts[issue.id].events,
            series=counts[issue.id].buckets,
        )
        for issue in page.items
    ]
    return Page(rows, page.next_cursor)
