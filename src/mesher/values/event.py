"""Events as a client sends them in Mesher's own form, and the compact parts that columns keep."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, get_args

import msgspec

Severity = Literal["fatal", "error", "warning", "info", "debug"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

# What a caller of the native endpoints gets a 400 for. All are far above what is kept after
# normalising, so that only what is no event at all is refused and the rest is trimmed.
MAX_NAME_CHARACTERS = 1024  # names, versions, tags: 200 characters are kept of most
MAX_TEXT_CHARACTERS = 256 * 1024  # messages and exception values: 8,192 are kept
MAX_LIST_ITEMS = 1000  # frames, exceptions, breadcrumbs, tags: 250 at most are kept

_Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME_CHARACTERS)]
_Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARACTERS)]
_Few = msgspec.Meta(max_length=MAX_LIST_ITEMS)
_Moment = datetime | float  # RFC 3339, or seconds since the epoch


class StackFrame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call, as it is kept in ``events.stacktrace``; oldest call first."""

    function: _Name | None = None
    module: _Name | None = None
    filename: _Name | None = None
    lineno: int | None = None
    in_app: bool | None = None  # None: the SDK did not say


class ExceptionInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One exception of a chain, as it is kept in ``events.exception``; innermost cause first."""

    type: _Name | None = None
    value: _Text | None = None
    module: _Name | None = None
    handled: bool | None = None  # None: the SDK did not say


class Breadcrumb(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened before the event; oldest first."""

    timestamp: _Moment | None = None
    category: _Name | None = None
    level: Severity | None = None
    message: _Text | None = None


class EventPayload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    What ``POST /api/v1/events`` takes. Every attribute may be absent, and one that is not listed
    here is read as the Sentry protocol reads it.
    """

    event_id: _Name | None = None  # a uuid; absent: Mesher makes one
    timestamp: _Moment | None = None  # absent: the time of receipt
    message: _Text | None = None
    level: Severity | None = None  # absent: error
    exception: Annotated[list[ExceptionInfo], _Few] | None = None
    stacktrace: Annotated[list[StackFrame], _Few] | None = None
    breadcrumbs: Annotated[list[Breadcrumb], _Few] | None = None
    tags: Annotated[dict[_Name, _Name], _Few] | None = None
    extra: dict[str, Any] | None = None
    user_context: dict[str, Any] | None = None
    fingerprint: Annotated[list[_Name], _Few] | None = None
    environment: _Name | None = None
    release: _Name | None = None
    transaction: _Name | None = None
    platform: _Name | None = None
    server_name: _Name | None = None
    logger: _Name | None = None
    sdk_name: _Name | None = None
    sdk_version: _Name | None = None
