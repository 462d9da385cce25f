"""When an alert rule fires: one of eight conditions, and what the issue or event has to be besides."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from mesher.values.event import Severity

# Of one rule: what a person still overlooks.
MAX_FILTER_VALUES = 50
MAX_FILTER_CHARACTERS = 200  # as tags and releases are kept
MAX_QUERY_CHARACTERS = 1000
# A week: what is usual is known for that long.
MAX_WINDOW_MINUTES = 7 * 24 * 60
MAX_COUNT = 1_000_000_000
MAX_FACTOR = 1000
MAX_PERCENT = 100_000
MAX_AGE_HOURS = 10 * 365 * 24

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_FILTER_CHARACTERS)]
_Few = msgspec.Meta(max_length=MAX_FILTER_VALUES)
_Count = Annotated[int, msgspec.Meta(ge=1, le=MAX_COUNT)]
_WindowMinutes = Annotated[int, msgspec.Meta(ge=1, le=MAX_WINDOW_MINUTES)]
_AgeHours = Annotated[int, msgspec.Meta(ge=1, le=MAX_AGE_HOURS)]


class AlertFilters(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What the issue or the event has to be; all that is given has to hold."""

    levels: Annotated[list[Severity], _Few] = []  # any of them; none: whatever it is
    environments: Annotated[list[_Text], _Few] = []
    releases: Annotated[list[_Text], _Few] = []  # versions; * stands for any text
    tags: Annotated[dict[_Text, _Text], _Few] = {}  # each with this value
    query: Annotated[str, msgspec.Meta(max_length=MAX_QUERY_CHARACTERS)] = (
        ""  # as in docs/search.md
    )
    assigned_to: _Text | None = None  # the id of a member, or nobody; None: whoever
    older_than_hours: _AgeHours | None = None  # the issue's first event
    younger_than_hours: _AgeHours | None = None


class _Condition(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="condition_type",
):
    filters: AlertFilters = msgspec.field(default_factory=AlertFilters)  # hashable for OpenAPI


class NewIssue(_Condition, frozen=True, kw_only=True, tag="new_issue"):
    """The first event of an issue."""


class Regression(_Condition, frozen=True, kw_only=True, tag="regression"):
    """A resolved issue has an event again."""


class Threshold(_Condition, frozen=True, kw_only=True, tag="threshold"):
    """An issue, or the whole project, has at least so many events, or users, within a window."""

    count: _Count
    window_minutes: _WindowMinutes
    of: Literal["events", "users"] = "events"
    within: Literal["issue", "project"] = "issue"


class Spike(_Condition, frozen=True, kw_only=True, tag="spike"):
    """An issue has several times the events that are usual for it within such a window."""

    window_minutes: _WindowMinutes
    factor: Annotated[float, msgspec.Meta(gt=1, le=MAX_FACTOR)] = 10.0
    min_events: _Count = 10  # fewer are no spike, however rare they were


class ErrorRateChange(_Condition, frozen=True, kw_only=True, tag="error_rate_change"):
    """The project has so many percent more events than in the window before."""

    window_minutes: _WindowMinutes
    percent: Annotated[float, msgspec.Meta(gt=0, le=MAX_PERCENT)]
    min_events: _Count = 10


class NoEvents(_Condition, frozen=True, kw_only=True, tag="no_events"):
    """The project is silent for a window, in which something always came."""

    window_minutes: _WindowMinutes


class NewReleaseRegression(_Condition, frozen=True, kw_only=True, tag="new_release_regression"):
    """An issue starts, or comes back, in a release that is new."""


class MissedCheckIn(_Condition, frozen=True, kw_only=True, tag="missed_check_in"):
    """A monitor did not check in when it should have."""

    monitor: _Text | None = None  # its slug; None: any of the project


AlertCondition = (
    NewIssue
    | Regression
    | Threshold
    | Spike
    | ErrorRateChange
    | NoEvents
    | NewReleaseRegression
    | MissedCheckIn
)
