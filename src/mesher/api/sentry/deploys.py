"""Deploys of a release."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec
from litestar.params import FromPath

from mesher.accounts.access import (
    accessible_organization,
    accessible_release,
    project_of_organization,
)
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.sentry.bodies import Name, ProjectReferences, Text, in_utc, read_json, receive_body
from mesher.ids import OrgId
from mesher.storage import deploys
from mesher.storage.deploys import Deploy, NewDeploy
from mesher.storage.releases import ReleaseChange, upsert_release


class DeployBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A deploy as clients report it."""

    environment: Name
    name: Text | None = None
    url: Text | None = None
    date_started: datetime | None = None
    date_finished: datetime | None = None
    projects: ProjectReferences | None = None  # which the release is then one of


class DeployInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A deploy as the clients read it."""

    id: uuid.UUID
    environment: str
    name: str | None
    url: str | None
    date_started: datetime | None
    date_finished: datetime


async def create_deploy(
    request: ApiRequest, org_id: FromPath[str], version: FromPath[str]
) -> DeployInfo:
    """Write down that a release is deployed."""
    await receive_body(request, "ci")
    async with writing_as(request, "ci") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        release = await accessible_release(conn, actor, organization, version)
        body = await read_json(request, DeployBody)
        projects = [
            await project_of_organization(conn, actor, organization, str(reference))
            for reference in body.projects or ()
        ]
        await upsert_release(conn, OrgId(organization.id), version, ReleaseChange(), projects)
        deploy = NewDeploy(
            environment=body.environment,
            name=body.name,
            url=body.url,
            started_at=in_utc(body.date_started),
            finished_at=in_utc(body.date_finished),
        )
        return _info(await deploys.insert_deploy(conn, release, deploy))


async def list_deploys(
    request: ApiRequest, org_id: FromPath[str], version: FromPath[str]
) -> list[DeployInfo]:
    """The latest deploys of a release."""
    async with reading_as(request, None) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        release = await accessible_release(conn, actor, organization, version)
        return [_info(deploy) for deploy in await deploys.list_deploys(conn, release)]


def _info(deploy: Deploy) -> DeployInfo:
    return DeployInfo(
        id=deploy.id,
        environment=deploy.environment,
        name=deploy.name,
        url=deploy.url,
        date_started=deploy.started_at,
        date_finished=deploy.finished_at,
    )
