"""From what rules have found to alerts, and to whom and when these are told."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mesher.alerting.wording import headline
from mesher.storage.alert_deliveries import add_deliveries
from mesher.storage.alert_evaluation import (
    Match,
    end_alerts_of_resolved,
    find_projects,
    forget_matches,
    list_matches,
    list_ready_rules,
)
from mesher.storage.alerts import insert_alert
from mesher.storage.database import WriteConnection
from mesher.types import Alert, AlertRule, AlertSnapshot, Project
from mesher.values.alert_action import AlertAction, QuietHours
from mesher.values.alert_condition import MissedCheckIn

# Of one alert: more are counted.
MAX_ISSUES_NAMED: Final = 100
# Over when their issue is resolved; others when their condition has ended.
_OF_ISSUES: Final = ("new_issue", "regression", "new_release_regression")


async def fire_rules(conn: WriteConnection, now: datetime) -> list[Alert]:
    """
    Raise the alerts of all rules that have something to tell and are not cooling down.

    What one rule has found since it fired last is one alert, so that a storm is one notification and
    the last of a series is never lost.

    Args:
        conn: the caller commits: alerts and their deliveries are there together, or neither.
        now: the server's clock.
    """
    raised = []
    rules = await list_ready_rules(conn, now)
    projects = await find_projects(conn, {rule.project_id for rule in rules})
    for rule in rules:
        if project := projects.get(rule.project_id):
            matches = await list_matches(conn, rule)
            if alert := await _fire(conn, rule, project, matches, now):
                raised.append(alert)
    await end_alerts_of_resolved(conn, _OF_ISSUES, now)
    return raised


async def _fire(
    conn: WriteConnection, rule: AlertRule, project: Project, matches: list[Match], now: datetime
) -> Alert | None:
    of_monitors = isinstance(rule.condition_json, MissedCheckIn)
    alert = await insert_alert(
        conn,
        rule,
        message=headline(rule.condition_json, project, matches),
        snapshot=_snapshot(rule, matches),
        issue_id=matches[0].issue_id if len(matches) == 1 and not of_monitors else None,
        now=now,
    )
    if alert is None:  # muted, or fired by somebody else meanwhile: it stays for later
        return None
    await forget_matches(conn, rule)
    action = rule.action_json
    await add_deliveries(conn, alert, action.actions, told_at(action, now))
    return alert


def _snapshot(rule: AlertRule, matches: list[Match]) -> AlertSnapshot:
    if len(matches) == 1 and not isinstance(rule.condition_json, MissedCheckIn):
        return AlertSnapshot(condition=rule.condition_json, figures=dict(matches[0].figures))
    issues = [match.issue_id for match in matches if match.issue_id][:MAX_ISSUES_NAMED]
    return AlertSnapshot(
        condition=rule.condition_json, figures={"issues": len(matches)}, issues=issues
    )


def told_at(action: AlertAction, now: datetime) -> datetime:
    """When people are told what happens now: after what is collected, and not in quiet hours."""
    at = now + timedelta(minutes=action.digest_minutes)
    return end_of_quiet(action.quiet_hours, at) if action.quiet_hours else at


def end_of_quiet(quiet: QuietHours, at: datetime) -> datetime:
    """
    The end of the quiet hours that a time is in; outside of them, the time itself.

    By the clock on the wall: over a change of the clocks, quiet hours are an hour shorter or longer.
    """
    try:
        zone: ZoneInfo | None = ZoneInfo(quiet.time_zone)
    except ZoneInfoNotFoundError:  # a zone that a newer database of zones does not have any more
        zone = ZoneInfo("UTC")
    local = at.astimezone(zone)
    begin, end = time.fromisoformat(quiet.begin), time.fromisoformat(quiet.end)
    wall = local.time().replace(tzinfo=None)
    if begin == end:
        return at
    if begin < end:
        if not begin <= wall < end:
            return at
        day = local.date()
    else:  # over midnight
        if end <= wall < begin:
            return at
        day = local.date() if wall < end else local.date() + timedelta(days=1)
    over = datetime.combine(day, end, tzinfo=zone).astimezone(UTC)
    # In the hour that a change of the clocks repeats, the end may seem to be over already.
    return max(over, at)
