"""Alerts: what rules have raised, and who looks after it."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar.params import FromPath, FromQuery

from mesher.accounts.access import accessible_alert, accessible_organization, accessible_project
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.projects import PageLimit
from mesher.errors import Conflict
from mesher.ids import OrgId
from mesher.storage import alert_deliveries, alerts
from mesher.storage.alert_deliveries import Delivery
from mesher.storage.pages import Page
from mesher.types import Alert, AlertStatus


async def list_project_alerts(
    request: ApiRequest,
    project_id: FromPath[str],
    status: FromQuery[AlertStatus | None] = None,
    limit: PageLimit = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Alert]:
    """The alerts of a project, latest first; all, or those of one ``status``."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return await alerts.list_alerts(
            conn, actor.viewer, project=project, status=status, limit=limit, cursor=cursor
        )


async def list_organization_alerts(
    request: ApiRequest,
    org_id: FromPath[str],
    status: FromQuery[AlertStatus | None] = None,
    limit: PageLimit = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Alert]:
    """The alerts of all projects of an organisation that you see, latest first."""
    async with reading_as(request) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        return await alerts.list_alerts(
            conn,
            actor.viewer,
            org_id=OrgId(organization.id),
            status=status,
            limit=limit,
            cursor=cursor,
        )


async def get_alert(request: ApiRequest, alert_id: FromPath[str]) -> Alert:
    """One alert: what its rule's condition was, and the figures that met it."""
    async with reading_as(request) as (conn, actor):
        return await accessible_alert(conn, actor, alert_id)


async def acknowledge_alert(request: ApiRequest, alert_id: FromPath[str]) -> Alert:
    """Say that you look after an active alert."""
    async with writing_as(request, "write") as (conn, actor):
        alert = await accessible_alert(conn, actor, alert_id)
        changed = await alerts.acknowledge_alert(
            conn, alert, user_id=actor.viewer.user_id, now=datetime.now(UTC)
        )
        if changed is None:
            raise Conflict(f"the alert is {alert.status} already")
        return changed


async def resolve_alert(request: ApiRequest, alert_id: FromPath[str]) -> Alert:
    """Say that an alert is over."""
    async with writing_as(request, "write") as (conn, actor):
        alert = await accessible_alert(conn, actor, alert_id)
        changed = await alerts.resolve_alert(
            conn, alert, user_id=actor.viewer.user_id, now=datetime.now(UTC)
        )
        if changed is None:
            raise Conflict("the alert is resolved already")
        return changed


async def list_alert_deliveries(request: ApiRequest, alert_id: FromPath[str]) -> Page[Delivery]:
    """Whom an alert was told, with what each receiver said, or will be."""
    async with reading_as(request) as (conn, actor):
        alert = await accessible_alert(conn, actor, alert_id)
        return Page(await alert_deliveries.list_deliveries(conn, alert))


async def deliver_alert_again(request: ApiRequest, alert_id: FromPath[str]) -> Page[Delivery]:
    """Try those deliveries of an alert again that were given up."""
    async with writing_as(request, "write") as (conn, actor):
        alert = await accessible_alert(conn, actor, alert_id)
        if not await alert_deliveries.send_again(conn, alert, datetime.now(UTC)):
            raise Conflict("nothing of this alert was given up", hint="look at its deliveries")
        return Page(await alert_deliveries.list_deliveries(conn, alert))
