"""What a notification says: for people as text, for programs as JSON."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from mesher.types import Alert, AlertRule, Project

# Named in one message; more are counted, and stand behind the link.
MAX_NAMED = 20
MAX_SUBJECT_CHARACTERS = 200


class NamedIssue(msgspec.Struct, frozen=True, kw_only=True):
    """An issue that a notification is about."""

    id: uuid.UUID
    title: str
    culprit: str
    url: str


class ToldAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as a program is told it."""

    id: uuid.UUID
    message: str
    triggered_at: datetime
    figures: Mapping[str, float]
    issues: Sequence[NamedIssue]
    issue_count: int


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """One message: all that an action is told at once."""

    id: uuid.UUID  # the same for each try to deliver it
    rule: Mapping[str, str]
    project: Mapping[str, str]
    url: str
    alerts: Sequence[ToldAlert]

    @property
    def subject(self) -> str:
        """In a line."""
        text = self.alerts[0].message
        if len(self.alerts) > 1:
            text = f"{len(self.alerts)} alerts of {self.rule['name']}"
        line = " ".join(f"[{self.project['name']}] {text}".split())
        return line[:MAX_SUBJECT_CHARACTERS]

    @property
    def text(self) -> str:
        """For people."""
        parts = []
        for alert in self.alerts:
            lines = [f"{alert.message} ({alert.triggered_at:%Y-%m-%d %H:%M} UTC)"]
            for issue in alert.issues:
                where = f" in {issue.culprit}" if issue.culprit else ""
                lines.append(f"  {issue.title}{where}\n  {issue.url}")
            if alert.issue_count > len(alert.issues):
                lines.append(f"  and {alert.issue_count - len(alert.issues)} more")
            parts.append("\n".join(lines))
        parts.append(f"Rule: {self.rule['name']}\n{self.url}")
        return "\n\n".join(parts)


def make_notification(
    *,
    message_id: uuid.UUID,
    rule: AlertRule,
    project: Project,
    alerts: Sequence[Alert],
    titles: Mapping[uuid.UUID, tuple[str, str]],
    url: str,
) -> Notification:
    """
    What is told of alerts of one rule.

    Args:
        message_id: stays from one try to the next.
        rule: that raised them.
        project: that it watches.
        alerts: the oldest first, at least one.
        titles: title and culprit of issues that are still there.
        url: of this Mesher, without a slash at the end.
    """
    path = f"{url}/projects/{project.slug or project.id}/alerts"
    return Notification(
        id=message_id,
        rule={"id": str(rule.id), "name": rule.name},
        project={"id": str(project.id), "name": project.name},
        url=path,
        alerts=[_told(alert, titles, url) for alert in alerts],
    )


def issues_of(alert: Alert) -> list[uuid.UUID]:
    """The issues that an alert is about; none where it is about the project."""
    return alert.condition_snapshot.issues or ([alert.issue_id] if alert.issue_id else [])


def _told(alert: Alert, titles: Mapping[uuid.UUID, tuple[str, str]], url: str) -> ToldAlert:
    ids = issues_of(alert)
    named = [
        NamedIssue(
            id=issue_id,
            title=titles[issue_id][0] or "(no title)",
            culprit=titles[issue_id][1],
            url=f"{url}/issues/{issue_id}",
        )
        for issue_id in ids
        if issue_id in titles
    ][:MAX_NAMED]
    return ToldAlert(
        id=alert.id,
        message=alert.message,
        triggered_at=alert.triggered_at,
        figures=alert.condition_snapshot.figures,
        issues=named,
        issue_count=int(alert.condition_snapshot.figures.get("issues", len(ids))),
    )
