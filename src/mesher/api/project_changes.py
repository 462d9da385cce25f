"""Making, changing and deleting projects, how long their events are kept, and what they store."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath
from msgspec import UNSET, UnsetType

from mesher.accounts import projects as accounts
from mesher.accounts.access import accessible_organization, accessible_project
from mesher.accounts.actor import require_scope
from mesher.accounts.names import clean_name
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body, takes_body
from mesher.api.fields import NAME, SLUG, Name
from mesher.api.projects import shown
from mesher.ids import OrgId
from mesher.storage.project_changes import read_retention
from mesher.storage.storage_use import StorageUse, project_use
from mesher.types import RetentionSettings

# Ten years: a partition is kept for each day of the longest retention.
MAX_RETENTION_DAYS = 3650

_PLATFORM = Schema(type=OpenAPIType.STRING, description="As in python or javascript-react.")
TAKES_PROJECT = takes_body(name=NAME, slug=SLUG, platform=_PLATFORM)
TAKES_RETENTION = takes_body(
    retention_days=Schema(type=OpenAPIType.INTEGER, minimum=1, maximum=MAX_RETENTION_DAYS),
    sample_rate=Schema(type=OpenAPIType.NUMBER, minimum=0, maximum=1),
)


class ProjectRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project that somebody wants."""

    name: Name
    slug: str | None = None  # None: made of the name
    platform: Name | None = None


class ProjectChange(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a project is to be called; what is not sent stays."""

    name: Name | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    platform: Name | UnsetType | None = UNSET


class RetentionChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long events are kept, and which share of them; ``None`` = as it is."""

    retention_days: Annotated[int, msgspec.Meta(ge=1, le=MAX_RETENTION_DAYS)] | None = None
    sample_rate: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None


async def create_project(request: ApiRequest, org_id: FromPath[str]) -> msgspec.Struct:
    """Make a project with a first key, for the DSN in the answer; for admins."""
    async with writing_as(request, "admin") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id, needs="admin")
        wanted = await read_body(request, ProjectRequest)
        project = await accounts.create_project(
            conn,
            actor.author,
            OrgId(organization.id),
            name=clean_name(wanted.name),
            slug=wanted.slug,
            platform=_platform(wanted.platform),
        )
        return await shown(request, conn, project)


async def update_project(request: ApiRequest, project_id: FromPath[str]) -> msgspec.Struct:
    """Change the ``name``, ``slug`` or ``platform`` of a project; for admins. DSNs do not change."""
    async with writing_as(request, "admin") as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        change = await read_body(request, ProjectChange)
        changes: dict[str, str | None] = {}
        if change.name is not UNSET:
            changes["name"] = clean_name(change.name)
        if change.slug is not UNSET:
            changes["slug"] = change.slug
        if change.platform is not UNSET:
            changes["platform"] = _platform(change.platform)
        project = await accounts.change_project(conn, actor.author, project, **changes)
        return await shown(request, conn, project)


async def delete_project(request: ApiRequest, project_id: FromPath[str]) -> None:
    """
    Delete a project with its issues, events and files; for admins. It cannot be undone.

    Nobody sees it from now on, and its keys take nothing within a second or two; the data is removed in
    the background.
    """
    async with writing_as(request, "admin") as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        await accounts.delete_project(conn, actor.author, project)


async def get_retention_settings(
    request: ApiRequest, project_id: FromPath[str]
) -> RetentionSettings:
    """How many days a project's events are kept, and which share of them; for admins."""
    async with reading_as(request) as (conn, actor):
        require_scope(actor, "admin")
        project = await accessible_project(conn, actor, project_id, needs="admin")
        return await read_retention(conn, project)


async def update_retention_settings(
    request: ApiRequest, project_id: FromPath[str]
) -> RetentionSettings:
    """
    Change those of the two that the body names; for admins.

    Events that are older than the new ``retention_days`` are removed within the hour.
    """
    async with writing_as(request, "admin") as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        change = await read_body(request, RetentionChange)
        return await accounts.change_retention(
            conn,
            actor.author,
            project,
            retention_days=change.retention_days,
            sample_rate=change.sample_rate,
        )


async def get_project_storage(request: ApiRequest, project_id: FromPath[str]) -> StorageUse:
    """What a project stores: files counted, events estimated from the ledger and the latest."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return await project_use(conn, project.id, project.org_id)


def _platform(platform: str | None) -> str | None:
    return None if platform is None else clean_name(platform, field="platform")
