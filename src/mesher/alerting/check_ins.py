"""Whether a monitor did what it should have: by its schedule, margins and its latest run."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterError, croniter

from mesher.storage.alert_evaluation import Match
from mesher.storage.database import ReadConnection
from mesher.storage.last_check_ins import LastCheckIn, list_last_check_ins
from mesher.types import Project
from mesher.values.alert_condition import MissedCheckIn

# As Sentry has them, where the SDK sends none.
DEFAULT_MARGIN_MINUTES: Final = 1
DEFAULT_RUNTIME_MINUTES: Final = 30
# A run that begins a moment before its time is the one of that time: clocks differ.
EARLY: Final = timedelta(seconds=59)
MAX_MINUTES: Final = 366 * 24 * 60
_UNITS: Final = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}


class Problem(NamedTuple):
    """What is wrong with a monitor."""

    kind: Literal["failed", "missed", "overlong"]
    text: str  # as the end of a sentence that begins with its name
    at: datetime  # of the run, or when there should have been one


async def overdue_monitors(
    conn: ReadConnection, condition: MissedCheckIn, project: Project, now: datetime
) -> list[Match]:
    """The monitors of an (accessible) project that meet a condition, each in its environment."""
    found = []
    for last in await list_last_check_ins(conn, project, condition.monitor):
        if problem := problem_of(last, now):
            name = f"{last.slug} ({last.environment})"
            found.append(
                Match(
                    issue_id=uuid.uuid5(project.id, f"{last.slug} {last.environment}"),
                    title=f"{name} {problem.text}",
                    at=now,
                )
            )
    return found


def problem_of(last: LastCheckIn, now: datetime) -> Problem | None:
    """
    What is wrong with a monitor; ``None`` = nothing, or it has no schedule.

    Args:
        last: its latest run.
        now: the clock that it is held against.
    """
    config = last.config or {}
    if last.status == "error":
        return Problem("failed", "failed", last.started_at)
    if last.status == "in_progress":
        longest = _minutes(config, "max_runtime", DEFAULT_RUNTIME_MINUTES)
        if now > last.started_at + longest:
            return Problem("overlong", "runs longer than it may", last.started_at)
    expected = next_run(config, last.started_at)
    if expected is None:
        return None
    if now > expected + _minutes(config, "checkin_margin", DEFAULT_MARGIN_MINUTES):
        due = expected.astimezone(UTC)
        return Problem("missed", f"was due at {due:%Y-%m-%d %H:%M} UTC", due)
    return None


def next_run(config: dict[str, Any], after: datetime) -> datetime | None:
    """
    When a monitor is due after a run; ``None`` where its schedule cannot be read.

    Args:
        config: ``{"schedule": {"type": "crontab", "value": "0 * * * *"}, "timezone": …}``, or a
            schedule of the type ``interval`` with a ``value`` and a ``unit``.
        after: when the run began.
    """
    schedule = config.get("schedule")
    if not isinstance(schedule, dict):
        return None
    value = schedule.get("value")
    if schedule.get("type") == "interval":
        unit = _UNITS.get(str(schedule.get("unit")))
        if unit is None or not isinstance(value, int | float) or not 0 < value <= MAX_MINUTES:
            return None
        return after + value * unit
    if not isinstance(value, str):
        return None
    try:
        begin = (after + EARLY).astimezone(ZoneInfo(str(config.get("timezone") or "UTC")))
        due: datetime = croniter(value, begin).get_next(datetime)
    except (CroniterError, ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
        return None
    return due


def _minutes(config: dict[str, Any], name: str, default: int) -> timedelta:
    value = config.get(name)
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or not 0 < value <= MAX_MINUTES
    ):
        value = default
    return timedelta(minutes=value)
