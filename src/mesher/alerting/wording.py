"""What an alert says, in one line."""

from __future__ import annotations

from collections.abc import Sequence

from mesher.storage.alert_evaluation import Match
from mesher.types import AlertCondition, Project
from mesher.values.alert_condition import (
    ErrorRateChange,
    MissedCheckIn,
    NewIssue,
    NewReleaseRegression,
    NoEvents,
    Regression,
    Spike,
    Threshold,
)

MAX_TITLE_CHARACTERS = 200


def headline(condition: AlertCondition, project: Project, matches: Sequence[Match]) -> str:
    """
    What happened, in a line.

    Args:
        condition: of the rule.
        project: that it watches.
        matches: what met it, at least one.
    """
    if len(matches) > 1:
        return f"{len(matches)} {_plural(condition)} in {project.name}"
    [match] = matches
    title = (match.title or "an issue that is no more")[:MAX_TITLE_CHARACTERS]
    figures = match.figures
    match condition:
        case NewIssue():
            said = f"New issue: {title}"
        case Regression():
            said = f"It came back: {title}"
        case NewReleaseRegression():
            said = f"In the new release: {title}"
        case Threshold():
            what = project.name if condition.within == "project" else title
            count = figures.get(condition.of, 0)
            number = f"{count:,.0f} {condition.of if count != 1 else condition.of[:-1]}"
            said = f"{number} in {_minutes(condition.window_minutes)}: {what}"
        case Spike():
            usual = f"{figures.get('usual_events', 0):,.4g}"
            said = f"{figures.get('events', 0):,.0f} events where {usual} are usual: {title}"
        case ErrorRateChange():
            numbers = (
                f"{figures.get('events', 0):,.0f} after {figures.get('events_before', 0):,.0f}"
            )
            said = f"{numbers} events in {_minutes(condition.window_minutes)}: {project.name}"
        case NoEvents():
            said = f"Silent for {_minutes(condition.window_minutes)}: {project.name}"
        case MissedCheckIn():
            said = title
    return said


def _plural(condition: AlertCondition) -> str:
    match condition:
        case NewIssue():
            return "new issues"
        case Regression():
            return "issues came back"
        case NewReleaseRegression():
            return "issues of the new release"
        case Spike():
            return "issues with more events than usual"
        case MissedCheckIn():
            return "monitors did not do as they should"
    return "issues with many events"


def _minutes(minutes: int) -> str:
    for size, unit in ((24 * 60, "day"), (60, "hour")):
        if minutes % size == 0:
            number = minutes // size
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
