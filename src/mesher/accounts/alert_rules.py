"""Making and changing alert rules, which is written down in the organisation's record of changes."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from mesher.errors import Conflict, ProtocolError
from mesher.ids import OrgId, UserId, parse_uuid
from mesher.search.parse import parse_query
from mesher.storage import alert_rules
from mesher.storage.alert_rules import RuleContent
from mesher.storage.audit_log import Author, Target, record_project_change
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.memberships import find_member
from mesher.types import AlertCondition, AlertRule, Project
from mesher.values.alert_action import QuietHours

# Of one project; each is looked at for each event that fits it.
MAX_RULES: Final = 100


async def create_rule(
    conn: WriteConnection, author: Author, project: Project, content: RuleContent
) -> AlertRule:
    """
    Give an (accessible) project a rule; the caller commits.

    Raises:
        Conflict: it has as many as it may.
    """
    if await alert_rules.count_rules(conn, project) >= MAX_RULES:
        raise Conflict(f"the project has {MAX_RULES} alert rules", hint="delete some of them")
    rule = await alert_rules.insert_rule(conn, project, content)
    await record_project_change(conn, author, project, "alert_rule.created", _target(rule))
    return rule


async def change_rule(
    conn: WriteConnection, author: Author, project: Project, rule: AlertRule, content: RuleContent
) -> AlertRule:
    """Give a (locked) rule of a project other content; the caller commits."""
    before = content_of(rule)
    changed = [name for name in content.__struct_fields__ if _differs(before, content, name)]
    after = await alert_rules.update_rule(conn, rule, content)
    if changed:
        await record_project_change(
            conn, author, project, "alert_rule.changed", _target(after), changed=changed
        )
    return after


async def delete_rule(
    conn: WriteConnection, author: Author, project: Project, rule: AlertRule
) -> None:
    """Remove a (locked) rule of a project with the alerts that it raised; the caller commits."""
    await alert_rules.delete_rule(conn, rule)
    await record_project_change(conn, author, project, "alert_rule.deleted", _target(rule))


def content_of(rule: AlertRule) -> RuleContent:
    """What a rule consists of, apart from what happened to it."""
    return RuleContent(
        name=rule.name,
        condition=rule.condition_json,
        action=rule.action_json,
        enabled=rule.enabled,
        cooldown_minutes=rule.cooldown_minutes,
        muted_until=rule.muted_until,
    )


async def require_sound_condition(
    conn: ReadConnection, project: Project, condition: AlertCondition, *, now: datetime
) -> None:
    """
    Refuse a condition that could never be met, or not be read.

    Args:
        conn: where to read.
        project: whose rule it is to be.
        condition: the condition.
        now: what relative times of its query count from.

    Raises:
        QueryError: its query cannot be read.
        ProtocolError: it names somebody who is no member, or ages that exclude each other.
    """
    filters = condition.filters
    parse_query(filters.query, now)
    if filters.assigned_to is not None and filters.assigned_to != "nobody":
        user_id = parse_uuid(filters.assigned_to)
        org_id = OrgId(project.org_id)
        if user_id is None or await find_member(conn, org_id, UserId(user_id)) is None:
            raise ProtocolError(
                "this is no member of the organization",
                hint="send the id of one, or nobody",
                field="condition.filters.assigned_to",
            )
    older, younger = filters.older_than_hours, filters.younger_than_hours
    if older is not None and younger is not None and older >= younger:
        raise ProtocolError(
            "no issue is older and younger than this at once",
            hint="older_than_hours has to be the smaller one",
            field="condition.filters.older_than_hours",
        )


def require_sound_hours(quiet_hours: QuietHours | None) -> None:
    """
    Refuse quiet hours that are none, or of a place that is unknown.

    Raises:
        ProtocolError: they are.
    """
    if quiet_hours is None:
        return
    if quiet_hours.begin == quiet_hours.end:
        raise ProtocolError(
            "the quiet hours begin when they end",
            hint="mute the rule instead, or switch it off",
            field="quiet_hours.end",
        )
    try:
        ZoneInfo(quiet_hours.time_zone)
    except (KeyError, ValueError, OSError) as error:  # no such file, a folder, or a path
        raise ProtocolError(
            f"{quiet_hours.time_zone!r} is no time zone",
            hint="as in Europe/Berlin or UTC",
            field="quiet_hours.time_zone",
        ) from error


def _differs(before: RuleContent, after: RuleContent, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


def _target(rule: AlertRule) -> Target:
    return Target(kind="alert_rule", id=str(rule.id), name=rule.name)
