"""
The typed event: what ``normalize`` makes of any payload, and what everything later reads.

Names are those of the Sentry protocol, so the JSON form of ``Event`` is a valid event payload. The
same JSON, compressed, is the ``payload`` column; pages decode it back with ``msgspec`` into these
types. Free-form parts (``extra``, ``vars``, contexts) stay plain JSON values.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mesher.protocol.free_form import Bag5, Bag7

Level = Literal["fatal", "error", "warning", "info", "debug"]
EventType = Literal["error", "default", "csp", "hpkp", "expectct", "expectstaple", "feedback"]


class _Interface(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Base: absent and null are the same, and neither is written."""


class Frame(_Interface):
    """One call. Frames are listed oldest call first."""

    function: str | None = None
    raw_function: str | None = None
    module: str | None = None
    filename: str | None = None
    abs_path: str | None = None
    lineno: int | None = None
    colno: int | None = None
    in_app: bool | None = None  # None: the SDK did not say
    context_line: str | None = None
    pre_context: list[str] | None = None
    post_context: list[str] | None = None
    vars: Bag5 | None = None
    package: str | None = None
    platform: str | None = None
    symbol: str | None = None
    source_link: str | None = None
    instruction_addr: str | None = None
    symbol_addr: str | None = None
    image_addr: str | None = None
    addr_mode: str | None = None
    data: Bag5 | None = None


class Stacktrace(_Interface):
    """A call stack, oldest call first, newest last."""

    frames: list[Frame] = []
    registers: Bag5 | None = None
    frames_omitted: list[int] | None = None  # [from, to) that were cut out of the middle


class Mechanism(_Interface):
    """How the exception was caught, and its place in an exception group."""

    type: str = "generic"
    handled: bool | None = None
    synthetic: bool | None = None
    description: str | None = None
    help_link: str | None = None
    source: str | None = None
    exception_id: int | None = None
    parent_id: int | None = None
    is_exception_group: bool | None = None
    data: Bag5 | None = None
    meta: Bag5 | None = None


class ExceptionValue(_Interface):
    """One exception of a chain. The chain is listed innermost cause first, the raised one last."""

    type: str | None = None
    value: str | None = None
    module: str | None = None
    thread_id: str | int | None = None
    mechanism: Mechanism | None = None
    stacktrace: Stacktrace | None = None
    raw_stacktrace: Stacktrace | None = None


class Thread(_Interface):
    """One thread of the process."""

    id: str | int | None = None
    name: str | None = None
    crashed: bool | None = None
    current: bool | None = None
    main: bool | None = None
    state: str | None = None
    stacktrace: Stacktrace | None = None


class LogEntry(_Interface):
    """A message: ``formatted`` is what people read, ``message`` the template it came from."""

    message: str | None = None
    formatted: str | None = None
    params: Any = None


class Breadcrumb(_Interface):
    """Something that happened before the event. Oldest first."""

    timestamp: float | None = None  # seconds since the epoch, UTC
    type: str = "default"
    category: str | None = None
    level: Level = "info"
    message: str | None = None
    data: Bag5 | None = None
    event_id: str | None = None


class Request(_Interface):
    """The HTTP request that was being served."""

    url: str | None = None
    method: str | None = None
    query_string: list[tuple[str, str]] | None = None
    fragment: str | None = None
    data: Any = None
    inferred_content_type: str | None = None
    cookies: list[tuple[str, str]] | None = None
    headers: list[tuple[str, str]] | None = None
    env: dict[str, Any] | None = None


class User(_Interface):
    """Who was affected. Counted by the first of id, username, email, ip_address."""

    id: str | None = None
    username: str | None = None
    email: str | None = None
    ip_address: str | None = None
    name: str | None = None
    geo: dict[str, Any] | None = None
    data: dict[str, Any] | None = None


class Sdk(_Interface):
    """The client library."""

    name: str | None = None
    version: str | None = None
    integrations: list[str] | None = None
    packages: list[dict[str, Any]] | None = None
    settings: dict[str, Any] | None = None


class EventError(_Interface):
    """Something that was wrong with the payload, kept so that people can see what was changed."""

    type: str  # invalid_data, missing_attribute, value_too_long, clock_drift, ...
    name: str = ""  # path of the attribute: exception.values.0.type
    value: Any = None


class Event(_Interface):
    """One normalised event."""

    event_id: str  # 32 lower-case hex digits
    timestamp: float  # seconds since the epoch, UTC, clock drift corrected
    platform: str = "other"
    level: Level = "error"
    type: EventType = "default"
    logger: str | None = None
    transaction: str | None = None
    transaction_info: dict[str, Any] | None = None
    culprit: str | None = None  # as sent by old clients; grouping computes the shown one
    server_name: str | None = None
    site: str | None = None
    release: str | None = None
    dist: str | None = None
    environment: str | None = None
    logentry: LogEntry | None = None
    exception: list[ExceptionValue] = []
    stacktrace: Stacktrace | None = None  # only where no exception has it
    threads: list[Thread] = []
    breadcrumbs: list[Breadcrumb] = []
    request: Request | None = None
    user: User | None = None
    contexts: dict[str, Bag7] = {}
    tags: dict[str, str] = {}  # sent tags and derived ones, at most 200 characters each side
    extra: Bag7 = {}
    modules: dict[str, str | None] = {}
    fingerprint: list[str] = []  # empty: the default grouping
    checksum: str | None = None
    sdk: Sdk | None = None
    debug_meta: dict[str, Any] | None = None
    template: dict[str, Any] | None = None
    csp: dict[str, Any] | None = None
    hpkp: dict[str, Any] | None = None
    expectct: dict[str, Any] | None = None
    expectstaple: dict[str, Any] | None = None
    errors: list[EventError] = []
    meta: dict[str, Any] | None = msgspec.field(default=None, name="_meta")


def message_text(event: Event) -> str:
    """The event's message as people read it; empty when it has none."""
    entry = event.logentry
    return (entry.formatted or entry.message or "") if entry else ""
