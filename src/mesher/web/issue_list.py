"""The list of issues: of a project, or of all that one sees in an organisation."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from mesher.accounts.access import (
    accessible_action,
    accessible_organization,
    accessible_project,
    projects_of_organization,
)
from mesher.accounts.actor import Actor
from mesher.errors import NotFound
from mesher.ids import OrgId
from mesher.search.mistakes import QueryError
from mesher.storage.database import ReadConnection
from mesher.storage.issue_actions import Action
from mesher.storage.issue_activity import NO_EXTRAS, IssueExtras, find_extras
from mesher.storage.issue_counts import WindowCount, counts_of_issues
from mesher.storage.issue_search import search_issues
from mesher.storage.issues import has_issues
from mesher.storage.memberships import list_members
from mesher.storage.pages import MAX_PAGE_ROWS, Page
from mesher.storage.saved_searches import list_saved_searches
from mesher.storage.search_time import SlowSearch
from mesher.types import Issue, Project
from mesher.web.errors import problem_text
from mesher.web.first_run import setup_guide
from mesher.web.issue_filters import PERIODS, SORTS, STATUS_FILTERS, IssueFilters, saved_address
from mesher.web.render import render
from mesher.web.session import WebRequest, reading_as

# About two screens.
ISSUES_PER_PAGE = 50
# Bars of a sparkline: some hours each in the usual window.
SPARK_BARS = 28


class IssueRow(msgspec.Struct, frozen=True):
    """An issue as a list shows it."""

    issue: Issue
    extras: IssueExtras
    count: WindowCount
    project: Project


async def show_issues(
    request: WebRequest,
    project_id: FromPath[str],
    asked: NamedDependency[IssueFilters],
    undo: FromQuery[str] = "",
    platform: FromQuery[str | None] = None,
) -> Response[str]:
    """The issues of a project; how to send the first event while there are none."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        around = await _around(conn, actor, OrgId(project.org_id), undo)
        saved = await list_saved_searches(conn, project, actor.viewer.user_id)
        values = await _listed(conn, actor, [project], asked)
        is_empty = not values["rows"] and not values["problem"]
        if is_empty and not await has_issues(conn, project):
            guide = await setup_guide(request, conn, project, platform)
            return render("setup.html", actor=actor, project=project, waiting=True, **guide)
    return render(
        "issues.html",
        actor=actor,
        project=project,
        saved=[(one, saved_address(one.filters)) for one in saved],
        **around,
        **values,
    )


async def show_organization_issues(
    request: WebRequest,
    org_id: FromPath[str],
    asked: NamedDependency[IssueFilters],
    undo: FromQuery[str] = "",
) -> Response[str]:
    """The same over all projects of an organisation that one sees."""
    async with reading_as(request) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        projects = await projects_of_organization(conn, actor, organization)
        around = await _around(conn, actor, OrgId(organization.id), undo)
        values = await _listed(conn, actor, projects, asked)
    return render(
        "organization_issues.html",
        actor=actor,
        organization=organization,
        saved=[],
        **around,
        **values,
    )


async def _listed(
    conn: ReadConnection, actor: Actor, projects: Sequence[Project], asked: IssueFilters
) -> dict[str, Any]:
    """What the table of issues and the filters above it need."""
    now = datetime.now(UTC)
    problem = ""
    issues = Page[Issue]([])
    try:
        issues = await search_issues(
            conn,
            projects,
            asked.node(now),
            asked.window(now),
            viewer=actor.viewer.user_id,
            sort=asked.sort,
            limit=ISSUES_PER_PAGE,
            cursor=asked.cursor,
        )
    except (QueryError, SlowSearch) as error:
        problem = problem_text(error)
    return {
        "asked": asked,
        "rows": await _rows(conn, issues.items, projects, asked, now),
        "next_cursor": issues.next_cursor,
        "problem": problem,
        "statuses": STATUS_FILTERS,
        "periods": [(name, label) for name, (label, _) in PERIODS.items()],
        "sorts": SORTS,
        "now": now,
    }


async def _rows(
    conn: ReadConnection,
    issues: Sequence[Issue],
    projects: Sequence[Project],
    asked: IssueFilters,
    now: datetime,
) -> list[IssueRow]:
    if not issues:
        return []
    ids = [issue.id for issue in issues]
    counts = await counts_of_issues(conn, ids, asked.window(now), buckets=SPARK_BARS)
    extras = await find_extras(conn, ids)
    by_id: Mapping[uuid.UUID, Project] = {project.id: project for project in projects}
    return [
        IssueRow(issue, extras.get(issue.id, NO_EXTRAS), counts[issue.id], by_id[issue.project_id])
        for issue in issues
    ]


async def _around(conn: ReadConnection, actor: Actor, org_id: OrgId, undo: str) -> dict[str, Any]:
    """
    What stands around a list; asked for before it, since a search that takes too long ends the
    transaction.
    """
    members = await list_members(conn, org_id, limit=MAX_PAGE_ROWS, cursor=None)
    return {
        # Whom an issue can be assigned to.
        "members": [(str(one.user_id), one.display_name or one.email) for one in members.items],
        "done": await _done(conn, actor, undo),
    }


async def _done(conn: ReadConnection, actor: Actor, action_id: str) -> Action | None:
    """The change of issues that led here, if it can still be undone."""
    with suppress(NotFound):
        action = await accessible_action(conn, actor, action_id)
        return None if action.undone_at else action
    return None
