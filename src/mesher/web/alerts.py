"""Alerts: their list, and one with whom it was told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, Literal

from litestar import Response
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from mesher.accounts.access import accessible_alert, accessible_project
from mesher.alerting.message import issues_of
from mesher.storage import alert_deliveries, alerts
from mesher.storage.alert_deliveries import find_any_rule, titles_of
from mesher.types import ALERT_STATUSES, AlertStatus
from mesher.web.render import render
from mesher.web.session import WebRequest, reading_as, writing_as

ALERTS_PER_PAGE: Final = 50
AlertFilter = Literal[AlertStatus, "all"]


async def show_alerts(
    request: WebRequest,
    project_id: FromPath[str],
    status: FromQuery[AlertFilter] = "all",
    cursor: FromQuery[str | None] = None,
) -> Response[str]:
    """The alerts of a project, the latest first."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        found = await alerts.list_alerts(
            conn,
            actor.viewer,
            project=project,
            status=None if status == "all" else status,
            limit=ALERTS_PER_PAGE,
            cursor=cursor,
        )
    return render(
        "alerts.html",
        actor=actor,
        project=project,
        alerts=found,
        status=status,
        statuses=(*ALERT_STATUSES, "all"),
        now=datetime.now(UTC),
    )


async def show_alert(request: WebRequest, alert_id: FromPath[str]) -> Response[str]:
    """One alert: what it is about, and what each receiver said."""
    async with reading_as(request) as (conn, actor):
        alert = await accessible_alert(conn, actor, alert_id)
        project = await accessible_project(conn, actor, str(alert.project_id))
        rule = await find_any_rule(conn, alert.rule_id)
        deliveries = await alert_deliveries.list_deliveries(conn, alert)
        titles = await titles_of(conn, issues_of(alert))
    actions = {action.id: action for action in rule.action_json.actions} if rule else {}
    return render(
        "alert.html",
        actor=actor,
        project=project,
        alert=alert,
        rule=rule,
        issues=[(one, titles[one]) for one in issues_of(alert) if one in titles],
        deliveries=[(delivery, actions.get(delivery.action_id)) for delivery in deliveries],
        now=datetime.now(UTC),
    )


async def submit_acknowledgement(request: WebRequest, alert_id: FromPath[str]) -> Redirect:
    """Say that one looks after an alert; nothing where somebody does already."""
    async with writing_as(request) as (conn, actor):
        alert = await accessible_alert(conn, actor, alert_id)
        await alerts.acknowledge_alert(
            conn, alert, user_id=actor.viewer.user_id, now=datetime.now(UTC)
        )
    return _to(alert)


async def submit_alert_resolution(request: WebRequest, alert_id: FromPath[str]) -> Redirect:
    """Say that an alert is over; nothing where it is already."""
    async with writing_as(request) as (conn, actor):
        alert = await accessible_alert(conn, actor, alert_id)
        await alerts.resolve_alert(conn, alert, user_id=actor.viewer.user_id, now=datetime.now(UTC))
    return _to(alert)


async def submit_delivery(request: WebRequest, alert_id: FromPath[str]) -> Redirect:
    """Try those deliveries again that were given up."""
    async with writing_as(request) as (conn, actor):
        alert = await accessible_alert(conn, actor, alert_id)
        await alert_deliveries.send_again(conn, alert, datetime.now(UTC))
    return _to(alert)


def _to(alert: Any) -> Redirect:
    return Redirect(f"/alerts/{alert.id}", status_code=303)
