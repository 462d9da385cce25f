"""Projects: the list, one with its DSNs, and its ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from litestar.params import FromPath, FromQuery, QueryParameter

from mesher.accounts.access import accessible_project
from mesher.api.acting import ApiRequest, reading_as
from mesher.api.json_forms import extend, extended
from mesher.protocol.auth import format_dsn
from mesher.resources import resources_of
from mesher.storage import outcomes, projects
from mesher.storage.database import ReadConnection
from mesher.storage.outcomes import OutcomeCount
from mesher.storage.pages import MAX_PAGE_ROWS, Page
from mesher.types import Project

PageLimit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE_ROWS)]
# The ledger has some ten rows an hour, so a month of it is one page.
MAX_LEDGER_HOURS = 31 * 24

PROJECT_DETAIL = extended("ProjectDetail", Project, dsns=list[str])


async def list_projects(
    request: ApiRequest,
    limit: PageLimit = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Project]:
    """The projects that the caller sees, oldest first."""
    async with reading_as(request) as (conn, actor):
        return await projects.list_projects(conn, actor.viewer, limit=limit, cursor=cursor)


async def get_project(request: ApiRequest, project_id: FromPath[str]) -> msgspec.Struct:
    """One project, by uuid or slug, with the DSNs that SDKs may use for it."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return await shown(request, conn, project)


async def shown(request: ApiRequest, conn: ReadConnection, project: Project) -> msgspec.Struct:
    """An (accessible) project with the DSNs of its valid keys."""
    keys = await projects.list_active_keys(conn, project)
    dsns = [
        format_dsn(
            resources_of(request).url, public_key=key.key_value, project_number=project.number
        )
        for key in keys
    ]
    return extend(PROJECT_DETAIL, project, dsns=dsns)


async def list_outcomes(
    request: ApiRequest,
    project_id: FromPath[str],
    hours: Annotated[int, QueryParameter(ge=1, le=MAX_LEDGER_HOURS)] = 24,
) -> Page[OutcomeCount]:
    """
    The ledger of a project's last hours: what was accepted, and whether it was stored or dropped.
    """
    since = datetime.now(UTC) - timedelta(hours=hours)
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return Page(await outcomes.list_outcomes(conn, project, since=since))
