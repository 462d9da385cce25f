"""The alert rules of a project: what is watched, and who is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar.openapi.spec import OpenAPIFormat, OpenAPIType, Schema
from litestar.params import FromPath, FromQuery
from msgspec import UNSET, UnsetType

from mesher.accounts import alert_rules as accounts
from mesher.accounts.access import accessible_project, rule_of_project
from mesher.accounts.names import clean_name
from mesher.accounts.sealed_actions import seal_actions, show_action
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body, takes_body
from mesher.api.fields import NAME, Name
from mesher.api.json_forms import extend, extended
from mesher.api.projects import PageLimit
from mesher.errors import NotFound
from mesher.resources import resources_of
from mesher.storage.alert_rules import RuleContent, list_rules, lock_rule
from mesher.storage.database import ReadConnection
from mesher.storage.pages import Page
from mesher.types import AlertCondition, AlertRule, Project
from mesher.values.alert_action import (
    MAX_ACTIONS,
    MAX_DIGEST_MINUTES,
    AlertAction,
    QuietHours,
    ShownAction,
    WantedAction,
)

# A month: who wants to hear of it more rarely does not want to hear of it.
MAX_COOLDOWN_MINUTES = 31 * 24 * 60
DEFAULT_COOLDOWN_MINUTES = 60  # as the table has it

_Actions = Annotated[list[WantedAction], msgspec.Meta(max_length=MAX_ACTIONS)]
_CooldownMinutes = Annotated[int, msgspec.Meta(ge=0, le=MAX_COOLDOWN_MINUTES)]
_DigestMinutes = Annotated[int, msgspec.Meta(ge=0, le=MAX_DIGEST_MINUTES)]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]

RULE_DETAIL = extended(
    "AlertRuleDetail",
    AlertRule,
    without=("condition_json", "action_json"),
    condition=AlertCondition,
    actions=list[ShownAction],
    quiet_hours=QuietHours | None,
    digest_minutes=int,
)


class WantedRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new rule."""

    name: Name
    condition: AlertCondition
    actions: _Actions = []
    enabled: bool = True
    cooldown_minutes: _CooldownMinutes = DEFAULT_COOLDOWN_MINUTES
    muted_until: _Moment | None = None
    quiet_hours: QuietHours | None = None
    digest_minutes: _DigestMinutes = 0


class RuleChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be otherwise in a rule; what is absent stays."""

    name: Name | UnsetType = UNSET
    condition: AlertCondition | UnsetType = UNSET
    actions: _Actions | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    cooldown_minutes: _CooldownMinutes | UnsetType = UNSET
    muted_until: _Moment | UnsetType | None = UNSET
    quiet_hours: QuietHours | UnsetType | None = UNSET
    digest_minutes: _DigestMinutes | UnsetType = UNSET


TAKES_RULE = takes_body(
    name=NAME,
    condition=Schema(
        type=OpenAPIType.OBJECT,
        description="``condition_type`` and its parameters, as in docs/alerts.md.",
    ),
    actions=Schema(
        type=OpenAPIType.ARRAY,
        items=Schema(type=OpenAPIType.OBJECT),
        max_items=MAX_ACTIONS,
        description="Whom to tell, each with its ``action_type``; none: it is shown on the pages.",
    ),
    enabled=Schema(type=OpenAPIType.BOOLEAN, default=True),
    cooldown_minutes=Schema(
        type=OpenAPIType.INTEGER,
        minimum=0,
        maximum=MAX_COOLDOWN_MINUTES,
        default=DEFAULT_COOLDOWN_MINUTES,
        description="How long the rule keeps quiet once it has fired.",
    ),
    muted_until=Schema(
        type=[OpenAPIType.STRING, OpenAPIType.NULL],
        format=OpenAPIFormat.DATE_TIME,
        description="Until when it raises nothing.",
    ),
    quiet_hours=Schema(
        type=[OpenAPIType.OBJECT, OpenAPIType.NULL],
        description="``begin``, ``end`` and ``time_zone``: when nobody is told.",
    ),
    digest_minutes=Schema(
        type=OpenAPIType.INTEGER,
        minimum=0,
        maximum=MAX_DIGEST_MINUTES,
        default=0,
        description="How long to collect into one message.",
    ),
)


async def list_alert_rules(
    request: ApiRequest,
    project_id: FromPath[str],
    limit: PageLimit = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[msgspec.Struct]:
    """The alert rules of a project, oldest first. Of their actions all is shown but secrets."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        found = await list_rules(conn, project, limit=limit, cursor=cursor)
    return Page([_shown(rule) for rule in found.items], found.next_cursor)


async def get_alert_rule(
    request: ApiRequest, project_id: FromPath[str], rule_id: FromPath[str]
) -> msgspec.Struct:
    """One alert rule of a project."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return _shown(await rule_of_project(conn, project, rule_id))


async def create_alert_rule(request: ApiRequest, project_id: FromPath[str]) -> msgspec.Struct:
    """Give a project an alert rule; for admins. Its secrets are sealed and shown to nobody."""
    async with writing_as(request, "admin") as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        wanted = await read_body(request, WantedRule)
        content = RuleContent(
            name=clean_name(wanted.name),
            condition=wanted.condition,
            action=AlertAction(
                actions=seal_actions(resources_of(request).secret_box, wanted.actions, ()),
                quiet_hours=wanted.quiet_hours,
                digest_minutes=wanted.digest_minutes,
            ),
            enabled=wanted.enabled,
            cooldown_minutes=wanted.cooldown_minutes,
            muted_until=wanted.muted_until,
        )
        await _require_sound(conn, project, content)
        return _shown(await accounts.create_rule(conn, actor.author, project, content))


async def update_alert_rule(
    request: ApiRequest, project_id: FromPath[str], rule_id: FromPath[str]
) -> msgspec.Struct:
    """
    Change an alert rule; for admins. What is absent stays.

    ``actions`` replaces all of them; ``{"action_type": "kept", "id": …}`` stands for one that the rule
    has already, with its secrets.
    """
    async with writing_as(request, "admin") as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        rule = await _locked(conn, project, rule_id)
        wanted = await read_body(request, RuleChange)
        content = _changed(request, accounts.content_of(rule), wanted)
        await _require_sound(conn, project, content)
        return _shown(await accounts.change_rule(conn, actor.author, project, rule, content))


async def delete_alert_rule(
    request: ApiRequest, project_id: FromPath[str], rule_id: FromPath[str]
) -> None:
    """Remove an alert rule with the alerts that it has raised; for admins."""
    async with writing_as(request, "admin") as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        rule = await _locked(conn, project, rule_id)
        await accounts.delete_rule(conn, actor.author, project, rule)


async def _locked(conn: Any, project: Project, rule_id: str) -> AlertRule:
    found = await rule_of_project(conn, project, rule_id)
    rule = await lock_rule(conn, project, found.id)
    if rule is None:
        raise NotFound("there is no such alert rule")
    return rule


def _changed(request: ApiRequest, content: RuleContent, wanted: RuleChange) -> RuleContent:
    given = {
        name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not UNSET
    }
    if "name" in given:
        given["name"] = clean_name(given["name"])
    if "actions" in given:
        box = resources_of(request).secret_box
        given["actions"] = seal_actions(box, given["actions"], content.action.actions)
    within = {name: given.pop(name) for name in AlertAction.__struct_fields__ if name in given}
    action = msgspec.structs.replace(content.action, **within)
    return msgspec.structs.replace(content, action=action, **given)


async def _require_sound(conn: ReadConnection, project: Project, content: RuleContent) -> None:
    now = datetime.now(UTC)
    await accounts.require_sound_condition(conn, project, content.condition, now=now)
    accounts.require_sound_hours(content.action.quiet_hours)


def _shown(rule: AlertRule) -> msgspec.Struct:
    action = rule.action_json
    return extend(
        RULE_DETAIL,
        rule,
        condition=rule.condition_json,
        actions=[show_action(each) for each in action.actions],
        quiet_hours=action.quiet_hours,
        digest_minutes=action.digest_minutes,
    )
