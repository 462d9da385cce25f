"""What time decides: how much came within a window, compared with a number or with what is usual."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from mesher.alerting.check_ins import overdue_monitors
from mesher.alerting.filters import filter_query, is_narrow
from mesher.errors import MesherError
from mesher.storage import alert_measures
from mesher.storage.alert_evaluation import (
    Match,
    OpenAlert,
    add_matches,
    end_alerts,
    find_projects,
    list_all_rules,
    list_open_alerts,
)
from mesher.storage.alert_measures import Counted
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.window import Window
from mesher.types import AlertCondition, AlertRule, Project
from mesher.values.alert_condition import (
    ErrorRateChange,
    MissedCheckIn,
    NoEvents,
    Spike,
    Threshold,
)

TYPES: Final = ("threshold", "spike", "error_rate_change", "no_events", "missed_check_in")
# What is usual is seen in the last week.
USUAL_TIME: Final = timedelta(days=7)
# An issue that is younger than this has no usual rate yet.
LEAST_HISTORY: Final = timedelta(hours=24)
# Issues of one rule that are looked at; more are a storm, and these are its largest.
MAX_ISSUES: Final = 100
# The day before a silence is looked at in parts, of a window each and no shorter than this.
_LEAST_PART: Final = timedelta(minutes=30)

log = structlog.get_logger(__name__)


async def measure_rules(conn: WriteConnection, now: datetime) -> None:
    """
    Find which rules are met now, and end the alerts of those that are met no more.

    A rule that has an open alert about something does not find it again: it is told once for as long
    as it lasts.

    Args:
        conn: the caller commits.
        now: the server's clock.
    """
    rules = await list_all_rules(conn, TYPES, now)
    projects = await find_projects(conn, {rule.project_id for rule in rules})
    open_alerts = await list_open_alerts(conn, rules)
    for rule in rules:
        if project := projects.get(rule.project_id):
            mine = [alert for alert in open_alerts if alert.rule_id == rule.id]
            try:
                async with conn.begin_nested():  # a rule that cannot be measured stops no other
                    found = await measure_condition(conn, rule.condition_json, project, now)
                    await _compare(conn, rule, found, mine, now)
            except MesherError as error:
                log.warning("alert_rule_not_measured", rule=str(rule.id), reason=error.message)


async def _compare(
    conn: WriteConnection,
    rule: AlertRule,
    found: Sequence[Match],
    open_alerts: Sequence[OpenAlert],
    now: datetime,
) -> None:
    met = {match.issue_id for match in found}
    told = {issue_id for alert in open_alerts for issue_id in alert.issue_ids}
    await add_matches(conn, rule, [match for match in found if match.issue_id not in told])
    over = [alert.id for alert in open_alerts if not alert.issue_ids & met]
    if over:
        await end_alerts(conn, over, now)


async def measure_condition(
    conn: ReadConnection, condition: AlertCondition, project: Project, now: datetime
) -> list[Match]:
    """
    What meets a condition at a time: issues, or the project as a whole.

    Raises:
        QueryError: its own query cannot be read any more.
        SlowSearch: it takes too long.
    """
    match condition:
        case Threshold():
            return await _threshold(conn, condition, project, now)
        case Spike():
            return await _spike(conn, condition, project, now)
        case ErrorRateChange():
            return await _rate_change(conn, condition, project, now)
        case NoEvents():
            return await _silence(conn, condition, project, now)
        case MissedCheckIn():
            return await overdue_monitors(conn, condition, project, now)
    return []


async def _threshold(
    conn: ReadConnection, condition: Threshold, project: Project, now: datetime
) -> list[Match]:
    window = _window(condition.window_minutes, now)
    query, viewer = filter_query(condition.filters, now)
    issue_ids: list[uuid.UUID] | None = None
    if condition.within == "issue":
        issue_ids = await alert_measures.busy_issues(
            conn, project, window, least=condition.count, limit=MAX_ISSUES
        )
        if not issue_ids:
            return []
    elif condition.of == "events" and not is_narrow(condition.filters):
        events = await alert_measures.count_project(conn, project, window)
        counts: dict[uuid.UUID | None, Counted] = {None: Counted(events, 0)}
        return _reached(counts, condition, now)
    counts = await alert_measures.count_found(
        conn, project, query, window, viewer=viewer, issue_ids=issue_ids
    )
    return _reached(counts, condition, now)


def _reached(
    counts: dict[uuid.UUID | None, Counted], condition: Threshold, now: datetime
) -> list[Match]:
    return [
        Match(issue_id=issue_id, at=now, figures={condition.of: number})
        for issue_id, counted in counts.items()
        if (number := counted.users if condition.of == "users" else counted.events)
        >= condition.count
    ]


async def _spike(
    conn: ReadConnection, condition: Spike, project: Project, now: datetime
) -> list[Match]:
    window = _window(condition.window_minutes, now)
    busy = await alert_measures.busy_issues(
        conn, project, window, least=condition.min_events, limit=MAX_ISSUES
    )
    if not busy:
        return []
    query, viewer = filter_query(condition.filters, now)
    counts = await alert_measures.count_found(
        conn, project, query, window, viewer=viewer, issue_ids=busy
    )
    before = Window(window.since - USUAL_TIME, window.since)
    usual = await alert_measures.usual_events(conn, busy, before)
    found = []
    for issue_id in busy:
        counted, had = counts.get(issue_id), usual.get(issue_id)
        if counted is None or had is None or window.since - had.first_seen < LEAST_HISTORY:
            continue
        known = before.until - max(before.since, had.first_seen)
        expected = had.events * (condition.window_minutes * 60 / known.total_seconds())
        if counted.events >= max(condition.min_events, condition.factor * expected):
            figures = {"events": counted.events, "usual_events": round(expected, 2)}
            found.append(Match(issue_id=issue_id, at=now, figures=figures))
    return found


async def _rate_change(
    conn: ReadConnection, condition: ErrorRateChange, project: Project, now: datetime
) -> list[Match]:
    window = _window(condition.window_minutes, now)
    before = _window(condition.window_minutes, window.since)
    query, viewer = filter_query(condition.filters, now)
    numbers = []
    for part in (window, before):
        if is_narrow(condition.filters):
            counts = await alert_measures.count_found(
                conn, project, query, part, viewer=viewer, issue_ids=None
            )
            numbers.append(counts[None].events if None in counts else 0)
        else:
            numbers.append(await alert_measures.count_project(conn, project, part))
    events, events_before = numbers
    if events < condition.min_events or events < events_before * (1 + condition.percent / 100):
        return []
    figures: dict[str, float] = {"events": events, "events_before": events_before}
    return [Match(issue_id=None, at=now, figures=figures)]


async def _silence(
    conn: ReadConnection, condition: NoEvents, project: Project, now: datetime
) -> list[Match]:
    """Nothing came in the window, though in each such part of the day before it something did."""
    length = timedelta(minutes=condition.window_minutes)
    query, viewer = filter_query(condition.filters, now)
    narrow = is_narrow(condition.filters)

    async def came(part: Window) -> bool:
        if not narrow:
            return await alert_measures.has_events(conn, project, part)
        counts = await alert_measures.count_found(
            conn, project, query, part, viewer=viewer, issue_ids=None
        )
        return bool(counts)

    part = Window(now - length, now)
    if await came(part):
        return []
    day_ago = part.since - max(LEAST_HISTORY, length)
    step = max(length, _LEAST_PART)
    until = part.since
    while until > day_ago:
        if not await came(Window(until - step, until)):
            return []
        until -= step
    return [Match(issue_id=None, at=now, figures={"minutes": condition.window_minutes})]


def _window(minutes: int, until: datetime) -> Window:
    return Window(until - timedelta(minutes=minutes), until)
