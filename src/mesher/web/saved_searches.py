"""Keeping what a list of issues shows, and letting it go."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from mesher.accounts.access import accessible_organization, accessible_project, has_role
from mesher.accounts.names import clean_name
from mesher.errors import NotFound
from mesher.ids import parse_uuid
from mesher.storage.saved_searches import delete_saved_search, insert_saved_search
from mesher.web.forms import fields
from mesher.web.issue_filters import IssueFilters
from mesher.web.render import project_path
from mesher.web.session import WebRequest, writing_as

MAX_NAME_CHARACTERS = 100


async def submit_saved_search(
    request: WebRequest, project_id: FromPath[str], asked: NamedDependency[IssueFilters]
) -> Redirect:
    """Keep the filters of a list under a name."""
    async with writing_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        form = await fields(request)
        await insert_saved_search(
            conn,
            project,
            actor.viewer.user_id,
            name=clean_name(form.get("name", ""))[:MAX_NAME_CHARACTERS],
            filters={
                name: one.replace("\0", "")
                for name, one in asked.given().items()
                if name != "cursor"
            },
            shared="shared" in form,
        )
    return Redirect(f"{project_path(project)}/issues{asked.address()}", status_code=303)


async def submit_saved_search_removal(
    request: WebRequest, project_id: FromPath[str], search_id: FromPath[str]
) -> Redirect:
    """Let a search of one's own go, or as an admin one that is shared."""
    async with writing_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        organization = await accessible_organization(conn, actor, str(project.org_id))
        parsed = parse_uuid(search_id)
        if parsed is None or not await delete_saved_search(
            conn,
            project,
            actor.viewer.user_id,
            parsed,
            is_admin=await has_role(conn, actor, organization, "admin"),
        ):
            raise NotFound("there is no such search")
    return Redirect(f"{project_path(project)}/issues", status_code=303)
