"""Who asks, and what there is: organisations, projects, repositories and monitors."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery

from mesher import __version__
from mesher.accounts.access import accessible_organization
from mesher.api.acting import ApiRequest, reading_as
from mesher.api.sentry.answers import PAGE_ROWS, paged, server_url
from mesher.ids import OrgId
from mesher.storage import monitors, organizations, projects
from mesher.types import Organization, Project, TokenScope

# What a token of ours may do, in Sentry's words; sentry-cli prints them.
_SCOPES: dict[TokenScope, list[str]] = {
    "ci": ["org:ci", "project:releases"],
    "read": ["org:read", "project:read", "event:read"],
    "write": ["org:read", "project:read", "project:releases", "event:read", "event:write"],
    "admin": [
        "org:read",
        "project:read",
        "project:releases",
        "event:read",
        "event:write",
        "event:admin",
    ],
}


class OrganizationInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An organisation as the clients read it."""

    id: uuid.UUID
    slug: str
    name: str
    date_created: datetime
    is_early_adopter: bool = False
    requires_second_factor: bool = msgspec.field(default=False, name="require2FA")
    require_email_verification: bool = False
    features: list[Any] = []


class Links(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where an organisation is: Mesher has no regions."""

    organization_url: str
    region_url: str


class OrganizationDetail(OrganizationInfo, frozen=True, kw_only=True, rename="camel"):
    """One organisation, and where to ask for what it has."""

    links: Links


class ProjectInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A project as the clients read it; ``id`` is the number that stands in its DSNs."""

    id: str
    slug: str
    name: str
    platform: str | None
    date_created: datetime
    organization: OrganizationInfo
    team: None = None  # Mesher has no teams
    teams: list[Any] = []


class MonitorInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A job that reports in."""

    id: str
    slug: str
    name: str
    status: str
    date_created: datetime


async def get_api_info(request: ApiRequest) -> dict[str, Any]:
    """What the credentials are good for; without any, nothing is said."""
    auth: dict[str, Any] | None = None
    if "authorization" in request.headers:
        async with reading_as(request, None) as (_, actor):
            auth = {"scopes": _SCOPES[actor.scope]}
    return {"version": "0", "auth": auth, "user": None, "server": f"mesher {__version__}"}


async def list_organizations(request: ApiRequest) -> list[OrganizationInfo]:
    """The organisations that the caller sees."""
    async with reading_as(request, None) as (conn, actor):
        found = await organizations.list_organizations(conn, actor.viewer, limit=PAGE_ROWS)
    return [_organization_info(organization) for organization in found]


async def get_organization(request: ApiRequest, org_id: FromPath[str]) -> OrganizationDetail:
    """One organisation."""
    async with reading_as(request, None) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
    url = server_url(request)
    return OrganizationDetail(
        **msgspec.structs.asdict(_organization_info(organization)),
        links=Links(organization_url=url, region_url=url),
    )


async def list_projects(
    request: ApiRequest, org_id: FromPath[str], cursor: FromQuery[str | None] = None
) -> Response[list[ProjectInfo]]:
    """The projects of an organisation that the caller sees."""
    async with reading_as(request, None) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        viewer = msgspec.structs.replace(actor.viewer, org_id=OrgId(organization.id))
        page = await projects.list_projects(conn, viewer, limit=PAGE_ROWS, cursor=cursor or None)
    return paged(request, [_project_info(project, organization) for project in page.items], page)


async def list_repositories(request: ApiRequest, org_id: FromPath[str]) -> list[Any]:
    """None: Mesher talks to no forge. Clients then read commits from the local git."""
    async with reading_as(request, None) as (conn, actor):
        await accessible_organization(conn, actor, org_id)
    return []


async def list_monitors(request: ApiRequest, org_id: FromPath[str]) -> list[MonitorInfo]:
    """The jobs of an organisation's projects that report in."""
    async with reading_as(request) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        found = await monitors.list_monitors(conn, actor.viewer, organization, limit=PAGE_ROWS)
    return [
        MonitorInfo(
            id=f"{monitor.project_id}:{monitor.slug}",
            slug=monitor.slug,
            name=monitor.slug,
            status="active",
            date_created=monitor.created_at,
        )
        for monitor in found
    ]


def _organization_info(organization: Organization) -> OrganizationInfo:
    return OrganizationInfo(
        id=organization.id,
        slug=organization.slug,
        name=organization.name,
        date_created=organization.created_at,
    )


def _project_info(project: Project, organization: Organization) -> ProjectInfo:
    return ProjectInfo(
        id=str(project.number),
        slug=project.slug or str(project.id),
        name=project.name,
        platform=project.platform,
        date_created=project.created_at,
        organization=_organization_info(organization),
    )
