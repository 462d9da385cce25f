"""Alert rules: their list, the form that makes and changes one, its preview and its test."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from mesher.accounts import alert_rules as accounts
from mesher.accounts.access import (
    accessible_organization,
    accessible_project,
    has_role,
    rule_of_project,
)
from mesher.accounts.actor import Actor
from mesher.accounts.sealed_actions import show_action
from mesher.alerting.replay import Replay, replay
from mesher.alerting.trial import Trial, try_actions
from mesher.errors import MesherError, NotFound
from mesher.ids import OrgId
from mesher.resources import resources_of
from mesher.storage.alert_rules import list_rules, lock_rule
from mesher.storage.database import ReadConnection
from mesher.storage.memberships import list_members
from mesher.storage.pages import MAX_PAGE_ROWS
from mesher.types import AlertRule, Project
from mesher.values.event import SEVERITIES
from mesher.web.alert_form import (
    CONDITIONS,
    DEFAULTS,
    MUTES,
    PARAMETERS,
    condition_of,
    content_of_form,
    form_of,
)
from mesher.web.errors import problem_text
from mesher.web.forms import PROBLEMS, fields
from mesher.web.render import project_path, render
from mesher.web.session import WebRequest, reading_as, writing_as

# Bars of the preview: one for each day.
DAYS: Final = 14


async def show_rules(request: WebRequest, project_id: FromPath[str]) -> Response[str]:
    """The rules of a project."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        rules = await list_rules(conn, project, limit=MAX_PAGE_ROWS, cursor=None)
        may_change = await _may_change(conn, actor, project)
    return render(
        "alert_rules.html",
        actor=actor,
        project=project,
        rules=rules.items,
        may_change=may_change,
        conditions=CONDITIONS,
        now=datetime.now(UTC),
    )


async def show_new_rule(
    request: WebRequest, project_id: FromPath[str], watch: FromQuery[str] = ""
) -> Response[str]:
    """The choice of what to watch, then the form for it."""
    form = {**DEFAULTS, "condition_type": watch, "name": CONDITIONS.get(watch, ("", ""))[0]}
    return await _form_page(request, project_id, None, form)


async def show_rule(
    request: WebRequest, project_id: FromPath[str], rule_id: FromPath[str]
) -> Response[str]:
    """The form of a rule."""
    return await _form_page(request, project_id, rule_id, None)


async def submit_new_rule(
    request: WebRequest, project_id: FromPath[str]
) -> Response[str] | Redirect:
    """A new rule."""
    return await _submit(request, project_id, None)


async def submit_rule(
    request: WebRequest, project_id: FromPath[str], rule_id: FromPath[str]
) -> Response[str] | Redirect:
    """Another content for a rule."""
    return await _submit(request, project_id, rule_id)


async def submit_preview(request: WebRequest, project_id: FromPath[str]) -> Response[str]:
    """Show when the rule that a form describes would have fired; nothing is saved."""
    form = await fields(request)
    rule_id = form.get("rule_id") or None
    try:
        seen = await _preview(request, project_id, form)
    except PROBLEMS as error:
        return await _form_page(request, project_id, rule_id, form, problem=error)
    return await _form_page(request, project_id, rule_id, form, seen=seen)


async def submit_rule_test(
    request: WebRequest, project_id: FromPath[str], rule_id: FromPath[str]
) -> Response[str]:
    """Send an example by each action, and show what its receiver said."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        rule = await rule_of_project(conn, project, rule_id)
        trials = await try_actions(conn, resources_of(request).channels, project, rule)
    return await _form_page(
        request, project_id, rule_id, None, trials=[await trial for trial in trials]
    )


async def submit_rule_deletion(
    request: WebRequest, project_id: FromPath[str], rule_id: FromPath[str]
) -> Redirect:
    """Remove a rule with its alerts."""
    async with writing_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        rule = await _locked(conn, project, rule_id)
        await accounts.delete_rule(conn, actor.author, project, rule)
    return Redirect(f"{project_path(project)}/alerts/rules", status_code=303)


async def _submit(
    request: WebRequest, project_id: str, rule_id: str | None
) -> Response[str] | Redirect:
    form = await fields(request)
    try:
        project = await _save(request, project_id, rule_id, form)
    except PROBLEMS as error:
        return await _form_page(request, project_id, rule_id, form, problem=error)
    return Redirect(f"{project_path(project)}/alerts/rules", status_code=303)


async def _save(
    request: WebRequest, project_id: str, rule_id: str | None, form: Mapping[str, str]
) -> Project:
    now = datetime.now(UTC)
    async with writing_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        rule = await _locked(conn, project, rule_id) if rule_id else None
        before = accounts.content_of(rule) if rule else None
        content = content_of_form(form, before, resources_of(request).secret_box, now)
        await accounts.require_sound_condition(conn, project, content.condition, now=now)
        accounts.require_sound_hours(content.action.quiet_hours)
        if rule is None:
            await accounts.create_rule(conn, actor.author, project, content)
        else:
            await accounts.change_rule(conn, actor.author, project, rule, content)
    return project


async def _preview(request: WebRequest, project_id: str, form: Mapping[str, str]) -> Replay:
    now = datetime.now(UTC)
    condition = condition_of(form)
    cooldown = form.get("cooldown_minutes", "")
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        await accounts.require_sound_condition(conn, project, condition, now=now)
        return await replay(
            conn,
            project,
            condition,
            cooldown_minutes=int(cooldown) if cooldown.isdecimal() else 0,
            now=now,
        )


async def _form_page(
    request: WebRequest,
    project_id: str,
    rule_id: str | None,
    form: Mapping[str, str] | None,
    *,
    problem: MesherError | None = None,
    seen: Replay | None = None,
    trials: list[Trial] | None = None,
) -> Response[str]:
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        rule = await rule_of_project(conn, project, rule_id) if rule_id else None
        may_change = await _may_change(conn, actor, project)
        members = await list_members(conn, OrgId(project.org_id), limit=MAX_PAGE_ROWS, cursor=None)
    if form is None and rule is not None:
        form = {**DEFAULTS, **_without_defaults(rule)}
    return render(
        "alert_rule.html",
        http_status=problem.status if problem else 200,
        actor=actor,
        project=project,
        rule=rule,
        actions=[show_action(one) for one in rule.action_json.actions] if rule else [],
        form=form or {},
        problem=problem_text(problem) if problem else "",
        fired_by_day=_by_day(seen) if seen else None,
        fired=len(seen.fired) if seen else 0,
        trials={trial.action_id: trial for trial in trials or []},
        may_change=may_change,
        members=members.items,
        conditions=CONDITIONS,
        parameters=PARAMETERS,
        severities=SEVERITIES,
        mutes=MUTES,
        now=datetime.now(UTC),
    )


def _without_defaults(rule: AlertRule) -> dict[str, str]:
    """The fields of a rule, of which a switch that is off is absent."""
    form = form_of(accounts.content_of(rule))
    return form if "enabled" in form else {**form, "enabled": ""}


def _by_day(seen: Replay) -> list[int]:
    """How often it would have fired on each day, the oldest first."""
    counts = [0] * DAYS
    length = (seen.until - seen.since) / DAYS
    for moment in seen.fired:
        counts[min(int((moment - seen.since) / length), DAYS - 1)] += 1
    return counts


async def _may_change(conn: ReadConnection, actor: Actor, project: Project) -> bool:
    organization = await accessible_organization(conn, actor, str(project.org_id))
    return await has_role(conn, actor, organization, "admin")


async def _locked(conn: Any, project: Project, rule_id: str) -> AlertRule:
    found = await rule_of_project(conn, project, rule_id)
    rule = await lock_rule(conn, project, found.id)
    if rule is None:
        raise NotFound("there is no such alert rule")
    return rule
