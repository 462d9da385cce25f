"""The start, the choice of a project, and the list of its issues."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from litestar import Response
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect

from mesher.accounts.access import accessible_project
from mesher.protocol.auth import format_dsn
from mesher.resources import resources_of
from mesher.search.mistakes import QueryError
from mesher.search.parse import parse_query
from mesher.search.tree import And, Node, StateIs
from mesher.storage.database import ReadConnection
from mesher.storage.issue_search import search_issues, usual_window
from mesher.storage.issues import has_issues
from mesher.storage.pages import MAX_PAGE_ROWS, Page
from mesher.storage.projects import list_active_keys, list_projects
from mesher.storage.search_time import SlowSearch
from mesher.types import ISSUE_STATUSES, Issue, IssueStatus, Project
from mesher.web.errors import problem_text
from mesher.web.render import project_path, render
from mesher.web.session import WebRequest, reading_as

# About two screens.
ISSUES_PER_PAGE = 50

StatusFilter = Literal[IssueStatus, "all"]
# The framework keeps the name ``query`` for itself.
QueryText = Annotated[str, QueryParameter(name="query")]


async def show_start(request: WebRequest) -> Redirect:
    """To the issues of the only project, else to the choice of one."""
    async with reading_as(request) as (conn, actor):
        projects = await list_projects(conn, actor.viewer, limit=2, cursor=None)
    only = projects.items[0] if len(projects.items) == 1 else None
    return Redirect(f"{project_path(only)}/issues" if only else "/projects", status_code=303)


async def show_projects(request: WebRequest, cursor: FromQuery[str | None] = None) -> Response[str]:
    """The choice of a project."""
    async with reading_as(request) as (conn, actor):
        projects = await list_projects(conn, actor.viewer, limit=MAX_PAGE_ROWS, cursor=cursor)
    return render("projects.html", actor=actor, projects=projects)


async def show_issues(
    request: WebRequest,
    project_id: FromPath[str],
    *,
    status: FromQuery[StatusFilter] = "unresolved",
    text: QueryText = "",
    cursor: FromQuery[str | None] = None,
) -> Response[str]:
    """The issues of a project; how to send the first event while there are none."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        problem = ""
        issues = Page[Issue]([])
        now = datetime.now(UTC)
        try:
            issues = await search_issues(
                conn,
                [project],
                _query(text, status, now),
                usual_window(now),
                viewer=actor.viewer.user_id,
                sort="last_seen",
                limit=ISSUES_PER_PAGE,
                cursor=cursor,
            )
        except (QueryError, SlowSearch) as error:
            problem = problem_text(error)
        waiting = not issues.items and not problem and not await has_issues(conn, project)
        dsn = await _first_dsn(conn, project, resources_of(request).url) if waiting else None
    return render(
        "issues.html",
        actor=actor,
        project=project,
        issues=issues,
        status=status,
        statuses=(*ISSUE_STATUSES, "all"),
        query=text,
        problem=problem,
        waiting=waiting,
        cursor=cursor,
        dsn=dsn,
        now=now,
    )


def _query(text: str, status: StatusFilter, now: datetime) -> Node:
    query = parse_query(text, now)
    return query if status == "all" else And((StateIs(status), query))


async def _first_dsn(conn: ReadConnection, project: Project, url: str) -> str | None:
    keys = await list_active_keys(conn, project)
    if not keys:
        return None
    return format_dsn(url, public_key=keys[0].key_value, project_number=project.number)
