"""Trying an alert rule: what its receivers say, and how often it would have fired."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath

from mesher.accounts.access import accessible_project, rule_of_project
from mesher.accounts.alert_rules import require_sound_condition
from mesher.alerting.replay import Replay, replay
from mesher.alerting.trial import Trial, try_actions
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body, takes_body
from mesher.resources import resources_of
from mesher.storage.pages import Page
from mesher.types import AlertCondition


class WantedPreview(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A condition that is not of any rule yet."""

    condition: AlertCondition
    cooldown_minutes: int = 60


TAKES_PREVIEW = takes_body(
    condition=Schema(
        type=OpenAPIType.OBJECT,
        description="``condition_type`` and its parameters, as in docs/alerts.md.",
    ),
    cooldown_minutes=Schema(type=OpenAPIType.INTEGER, minimum=0, default=60),
)


async def test_alert_rule(
    request: ApiRequest, project_id: FromPath[str], rule_id: FromPath[str]
) -> Page[Trial]:
    """Send an example by each action of a rule, now, and tell what its receiver said; for admins."""
    async with writing_as(request, "admin") as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        rule = await rule_of_project(conn, project, rule_id)
        prepared = await try_actions(conn, resources_of(request).channels, project, rule)
    return Page([await one for one in prepared])


async def preview_alert_rule(request: ApiRequest, project_id: FromPath[str]) -> Replay:
    """
    When a rule with this condition would have fired in the last 14 days.

    What time decides is looked at once an hour, while a rule does so each minute.
    """
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        wanted = await read_body(request, WantedPreview)
        now = datetime.now(UTC)
        await require_sound_condition(conn, project, wanted.condition, now=now)
        return await replay(
            conn, project, wanted.condition, cooldown_minutes=wanted.cooldown_minutes, now=now
        )
