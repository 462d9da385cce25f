"""The form of an alert rule: from its fields to a rule, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from mesher.accounts.names import clean_name
from mesher.accounts.sealed_actions import seal_actions
from mesher.errors import ProtocolError
from mesher.secret_box import SecretBox
from mesher.storage.alert_rules import RuleContent
from mesher.types import AlertCondition
from mesher.values.alert_action import (
    MAX_DIGEST_MINUTES,
    AlertAction,
    Kept,
    QuietHours,
    StoredAction,
    WantedAction,
)
from mesher.values.event import SEVERITIES
from mesher.web.forms import lines

DEFAULT_COOLDOWN_MINUTES: Final = 60
MAX_COOLDOWN_MINUTES: Final = 31 * 24 * 60
# What can be watched, as people choose it: name, and what it is.
CONDITIONS: Final[Mapping[str, tuple[str, str]]] = {
    "new_issue": ("A new issue", "The first event of an issue."),
    "regression": ("It came back", "A resolved issue has an event again."),
    "threshold": ("Many events or users", "So many within a time, of an issue or the project."),
    "spike": ("More than usual", "An issue has several times the events that are usual for it."),
    "error_rate_change": ("It gets worse", "The project has more events than in the time before."),
    "no_events": ("Silence", "Nothing comes any more where something always came."),
    "new_release_regression": ("The new release", "An issue begins or comes back in it."),
    "missed_check_in": ("A job", "A monitor misses its time, fails, or runs too long."),
}
# Its own parameters: of the form and of the condition alike.
_NUMBERS: Final = ("count", "window_minutes", "factor", "min_events", "percent")
_CHOICES: Final = ("of", "within")
PARAMETERS: Final[Mapping[str, Sequence[str]]] = {
    "threshold": ("count", "of", "within", "window_minutes"),
    "spike": ("factor", "min_events", "window_minutes"),
    "error_rate_change": ("percent", "min_events", "window_minutes"),
    "no_events": ("window_minutes",),
}
DEFAULTS: Final[Mapping[str, str]] = {
    "count": "100",
    "of": "events",
    "within": "issue",
    "window_minutes": "60",
    "factor": "10",
    "min_events": "10",
    "percent": "100",
    "cooldown_minutes": str(DEFAULT_COOLDOWN_MINUTES),
    "digest_minutes": "0",
    "enabled": "on",
    "quiet_zone": "UTC",
}
# Time to look at a log-in page, a deploy, a night.
MUTES: Final[Mapping[str, str]] = {"1": "an hour", "8": "8 hours", "24": "a day", "168": "a week"}


def form_of(content: RuleContent) -> dict[str, str]:
    """The fields of the form for a rule as it is."""
    condition = msgspec.to_builtins(content.condition)
    filters = condition.pop("filters", {})
    form = {
        name: f"{one:g}" if isinstance(one, float) else str(one) for name, one in condition.items()
    }
    form |= {f"level_{level}": "on" for level in filters.get("levels", [])}
    for name in ("environments", "releases"):
        form[name] = ", ".join(filters.get(name, []))
    form["tags"] = "\n".join(f"{tag}={one}" for tag, one in filters.get("tags", {}).items())
    for name in ("query", "assigned_to", "older_than_hours", "younger_than_hours"):
        form[name] = str(filters.get(name) or "")
    form |= {
        "name": content.name,
        "cooldown_minutes": str(content.cooldown_minutes),
        "digest_minutes": str(content.action.digest_minutes),
    }
    if content.enabled:
        form["enabled"] = "on"
    form |= {f"keep_{action.id}": "on" for action in content.action.actions}
    if quiet := content.action.quiet_hours:
        form |= {
            "quiet_begin": quiet.begin,
            "quiet_end": quiet.end,
            "quiet_zone": quiet.time_zone,
        }
    return form


def condition_of(form: Mapping[str, str]) -> AlertCondition:
    """
    The condition that a form describes.

    Raises:
        ProtocolError: a field does not fit.
    """
    kind = form.get("condition_type", "")
    if kind not in CONDITIONS:
        raise ProtocolError("nothing was chosen to watch", hint="choose one of the list")
    content: dict[str, Any] = {"condition_type": kind}
    for name in PARAMETERS.get(kind, ()):
        content[name] = form.get(name, "") if name in _CHOICES else _number(form, name)
    for name in ("count", "window_minutes", "min_events"):
        if name in content:
            content[name] = int(content[name])
    if kind == "missed_check_in" and form.get("monitor", "").strip():
        content["monitor"] = form["monitor"].strip()
    filters: dict[str, Any] = {
        "levels": [level for level in SEVERITIES if f"level_{level}" in form],
        "environments": _parts(form.get("environments", "")),
        "releases": _parts(form.get("releases", "")),
        "tags": _tags(form.get("tags", "")),
        "query": form.get("query", "").strip(),
    }
    if form.get("assigned_to"):
        filters["assigned_to"] = form["assigned_to"]
    for name in ("older_than_hours", "younger_than_hours"):
        if form.get(name, "").strip():
            filters[name] = int(_number(form, name))
    content["filters"] = filters
    return _converted(content, AlertCondition)  # type: ignore[no-any-return]


def content_of_form(
    form: Mapping[str, str], before: RuleContent | None, box: SecretBox, now: datetime
) -> RuleContent:
    """
    The rule that a form describes.

    Args:
        form: its fields.
        before: the rule as it was; ``None`` = it is new.
        box: seals the secrets of new actions.
        now: what mutes count from.

    Raises:
        ProtocolError: a field does not fit.
        SetupError: the key cannot be read or made.
    """
    stored = before.action.actions if before else []
    return RuleContent(
        name=clean_name(form.get("name", "")),
        condition=condition_of(form),
        action=AlertAction(
            actions=seal_actions(box, _actions(form, stored), stored),
            quiet_hours=_quiet_hours(form),
            digest_minutes=int(_number(form, "digest_minutes", most=MAX_DIGEST_MINUTES)),
        ),
        enabled="enabled" in form,
        cooldown_minutes=int(_number(form, "cooldown_minutes", most=MAX_COOLDOWN_MINUTES)),
        muted_until=_muted_until(form, before, now),
    )


def _actions(form: Mapping[str, str], stored: Sequence[StoredAction]) -> list[WantedAction]:
    """Those that stay, and of each kind one more where its fields are filled."""
    wanted: list[Any] = [Kept(id=action.id) for action in stored if f"keep_{action.id}" in form]
    to = form.get("email_to", "")
    if to == "addresses":
        addresses = _parts(form.get("email_addresses", "").replace("\n", ","))
        wanted.append(_converted({"action_type": "email", "to": addresses}, WantedAction))
    elif to:
        wanted.append(_converted({"action_type": "email", "to": to}, WantedAction))
    if url := form.get("webhook_url", "").strip():
        secret = form.get("webhook_secret", "").strip()
        action = {"action_type": "webhook", "url": url, "secret": secret}
        wanted.append(_converted(action, WantedAction))
    if url := form.get("apprise_url", "").strip():
        wanted.append(_converted({"action_type": "apprise", "url": url}, WantedAction))
    return wanted


def _quiet_hours(form: Mapping[str, str]) -> QuietHours | None:
    begin, end = form.get("quiet_begin", ""), form.get("quiet_end", "")
    if not begin and not end:
        return None
    zone = form.get("quiet_zone", "").strip() or "UTC"
    content = {"begin": begin, "end": end, "time_zone": zone}
    return _converted(content, QuietHours)  # type: ignore[no-any-return]


def _muted_until(
    form: Mapping[str, str], before: RuleContent | None, now: datetime
) -> datetime | None:
    hours = form.get("mute_hours", "")
    if hours in MUTES:
        return (now + timedelta(hours=int(hours))).astimezone(UTC)
    return before.muted_until if before and hours == "keep" else None


def _tags(text: str) -> dict[str, str]:
    tags = {}
    for line in lines(text):
        name, equals, value = line.partition("=")
        if not equals:
            raise ProtocolError(f"{line!r} is no tag with a value", hint="as in region=eu")
        tags[name.strip()] = value.strip()
    return tags


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _number(form: Mapping[str, str], name: str, *, most: float | None = None) -> float:
    said = name.replace("_", " ")
    try:
        number = float(form.get(name, ""))
    except ValueError as error:
        raise ProtocolError(f"{said} is no number", field=name) from error
    if not 0 <= number <= (1e9 if most is None else most):
        raise ProtocolError(f"{said} is too small or too large", field=name)
    return number


def _converted(content: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise ProtocolError(str(error)) from error
