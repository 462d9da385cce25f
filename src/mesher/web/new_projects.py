"""Making projects and organisations."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.params import FromPath
from litestar.response import Redirect

from mesher.accounts import organizations, projects
from mesher.accounts.access import accessible_organization
from mesher.accounts.actor import require_whole_organization
from mesher.accounts.names import clean_name
from mesher.errors import Forbidden
from mesher.ids import OrgId
from mesher.resources import resources_of
from mesher.web.errors import problem_text
from mesher.web.forms import PROBLEMS, fields
from mesher.web.platforms import find_platform, platforms
from mesher.web.render import project_path, render
from mesher.web.session import WebRequest, reading_as, writing_as


async def show_new_project(request: WebRequest, org_id: FromPath[str]) -> Response[str]:
    """The form for a project."""
    return await _project_form(request, org_id, {})


async def submit_new_project(
    request: WebRequest, org_id: FromPath[str]
) -> Response[str] | Redirect:
    """A project with its first key; from there to how its SDK is set up."""
    form = await fields(request)
    try:
        async with writing_as(request) as (conn, actor):
            organization = await accessible_organization(conn, actor, org_id, needs="admin")
            platform = form.get("platform", "")
            project = await projects.create_project(
                conn,
                actor.author,
                OrgId(organization.id),
                name=clean_name(form.get("name", "")),
                slug=None,
                platform=find_platform(platform).key if platform else None,
            )
    except PROBLEMS as error:
        return await _project_form(request, org_id, form, problem_text(error), error.status)
    return Redirect(f"{project_path(project)}/issues", status_code=303)


async def _project_form(
    request: WebRequest,
    org_id: str,
    form: dict[str, str],
    problem: str = "",
    http_status: int = 200,
) -> Response[str]:
    async with reading_as(request) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id, needs="admin")
    return render(
        "new_project.html",
        http_status=http_status,
        actor=actor,
        organization=organization,
        form=form,
        problem=problem,
        platforms=list(platforms().values()),
    )


async def show_new_organization(request: WebRequest) -> Response[str]:
    """The form for an organisation."""
    async with reading_as(request) as (_, actor):
        pass
    return _organization_form(actor, {})


async def submit_new_organization(request: WebRequest) -> Response[str] | Redirect:
    """An organisation, of which whoever made it is the owner; from there to its first project."""
    form = await fields(request)
    async with writing_as(request) as (conn, actor):
        try:
            require_whole_organization(actor)
            if not resources_of(request).members_make_organizations:
                raise Forbidden(
                    "this Mesher's operator alone makes organizations",
                    hint="ask for one; the operator runs `mesher organization create`",
                )
            made = await organizations.create_organization(
                conn,
                actor.author,
                name=clean_name(form.get("name", "")),
                slug=None,
                owner=actor.viewer.user_id,
            )
        except PROBLEMS as error:
            return _organization_form(actor, form, problem_text(error), error.status)
    return Redirect(f"/organizations/{made.slug}/projects/new", status_code=303)


def _organization_form(
    actor: Any, form: dict[str, str], problem: str = "", http_status: int = 200
) -> Response[str]:
    return render(
        "new_organization.html", http_status=http_status, actor=actor, form=form, problem=problem
    )
