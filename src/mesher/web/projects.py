"""The start, and the choice of a project."""

from __future__ import annotations

from litestar import Response
from litestar.params import FromQuery
from litestar.response import Redirect

from mesher.resources import resources_of
from mesher.storage.memberships import list_memberships
from mesher.storage.pages import MAX_PAGE_ROWS
from mesher.storage.projects import list_projects
from mesher.web.render import project_path, render
from mesher.web.session import WebRequest, reading_as


async def show_start(request: WebRequest) -> Redirect:
    """To the issues of the only project, else to the choice of one."""
    async with reading_as(request) as (conn, actor):
        projects = await list_projects(conn, actor.viewer, limit=2, cursor=None)
    only = projects.items[0] if len(projects.items) == 1 else None
    return Redirect(f"{project_path(only)}/issues" if only else "/projects", status_code=303)


async def show_projects(request: WebRequest, cursor: FromQuery[str | None] = None) -> Response[str]:
    """The choice of a project, by organisation."""
    async with reading_as(request) as (conn, actor):
        projects = await list_projects(conn, actor.viewer, limit=MAX_PAGE_ROWS, cursor=cursor)
        memberships = await list_memberships(conn, actor.viewer)
    return render(
        "projects.html",
        actor=actor,
        projects=projects,
        memberships=memberships,
        makes_organizations=resources_of(request).members_make_organizations,
    )
