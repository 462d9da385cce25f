"""
The typed event: what ``normalize`` makes of any payload, and what everything later reads.

Names are those of the Sentry protocol, so the JSON form of ``Event`` is a valid event payload. The
same JSON, compressed, is the ``payload`` column; pages decode it back with ``msgspec`` into these
types. Free-form parts (``extra``, ``vars``, contexts) stay plain JSON values.

Limits are part of the types: ``msgspec`` refuses what is over them while it decodes, so events that
keep to them, nearly all, pay nothing for the check. What is over them is read leniently, and cut.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mesher.protocol.bounded import (
    ContextLines,
    EmailText,
    FunctionText,
    LineNumber,
    LineText,
    NameText,
    PathText,
    SizeBytes,
    ThreadText,
    TypeText,
    UrlText,
    ValueText,
)
from mesher.protocol.free_form import Bag5, Bag7

Level = Literal["fatal", "error", "warning", "info", "debug"]
# The last two are no errors; they come through the same door and say themselves what they are.
EventType = Literal["error", "default", "csp", "transaction", "feedback"]
ImageType = Literal[
    "macho", "elf", "pe", "pe_dotnet", "symbolic", "wasm", "proguard", "jvm", "sourcemap"
]


class _Interface(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """
    Base: absent and null are the same, and neither is written.

    An event is a tree, so the garbage collector need not look for circles in its hundreds of parts.
    """


class Frame(_Interface):
    """One call. Frames are listed oldest call first."""

    # In the order in which most SDKs write them: the decoder finds the next one at once.
    filename: PathText | None = None
    abs_path: PathText | None = None
    function: FunctionText | None = None
    module: TypeText | None = None
    lineno: LineNumber | None = None
    colno: LineNumber | None = None
    pre_context: ContextLines | None = None
    context_line: LineText | None = None
    post_context: ContextLines | None = None
    vars: Bag5 | None = None
    in_app: bool | None = None  # None: the SDK did not say
    data: Bag5 | None = None
    platform: NameText | None = None
    package: PathText | None = None
    raw_function: FunctionText | None = None
    symbol: FunctionText | None = None
    instruction_addr: NameText | None = None  # addresses: hexadecimal, with 0x
    symbol_addr: NameText | None = None
    image_addr: NameText | None = None
    addr_mode: NameText | None = None  # abs, or rel:<index of the image>
    source_link: UrlText | None = None
    function_id: NameText | None = None  # of .NET: the token of the method
    trust: NameText | None = None  # how a stack walker found the frame
    lang: NameText | None = None
    stack_start: bool | None = None  # the first call of an asynchronous part of the stack
    lock: Bag5 | None = None  # of Java: the monitor that the call holds or waits for


class Stacktrace(_Interface):
    """A call stack, oldest call first, newest last."""

    frames: list[Frame] = []
    registers: Bag5 | None = None
    frames_omitted: list[int] | None = None  # [from, to) that were cut out of the middle
    lang: NameText | None = None
    snapshot: bool | None = None  # taken from outside, not by the thread itself
    # Whether addresses point behind the call: auto, all, all_but_first, none.
    instruction_addr_adjustment: NameText | None = None


class Mechanism(_Interface):
    """How the exception was caught, and its place in an exception group."""

    type: NameText = "generic"
    handled: bool | None = None
    synthetic: bool | None = None
    description: ValueText | None = None
    help_link: UrlText | None = None
    source: NameText | None = None
    exception_id: int | None = None
    parent_id: int | None = None
    is_exception_group: bool | None = None
    data: Bag5 | None = None
    meta: Bag5 | None = None


class ExceptionValue(_Interface):
    """One exception of a chain. The chain is listed innermost cause first, the raised one last."""

    type: TypeText | None = None
    value: ValueText | None = None
    module: TypeText | None = None
    thread_id: NameText | int | None = None
    mechanism: Mechanism | None = None
    stacktrace: Stacktrace | None = None
    raw_stacktrace: Stacktrace | None = None  # as sent, where the other was mapped to its source


class Thread(_Interface):
    """One thread of the process."""

    id: NameText | int | None = None
    name: ThreadText | None = None
    crashed: bool | None = None
    current: bool | None = None
    main: bool | None = None
    state: NameText | None = None
    stacktrace: Stacktrace | None = None
    raw_stacktrace: Stacktrace | None = None
    held_locks: Bag5 | None = None


class LogEntry(_Interface):
    """A message: ``formatted`` is what people read, ``message`` the template it came from."""

    message: str | None = None
    formatted: str | None = None
    params: Any = None


class Breadcrumb(_Interface):
    """Something that happened before the event. Oldest first."""

    timestamp: float | None = None  # seconds since the epoch, UTC
    type: NameText = "default"
    category: NameText | None = None
    level: Level = "info"
    message: ValueText | None = None
    data: Bag5 | None = None
    event_id: NameText | None = None
    origin: NameText | None = None  # which part of an SDK noticed it


class Request(_Interface):
    """The HTTP request that was being served."""

    url: str | None = None
    method: str | None = None
    query_string: list[tuple[str, str]] | None = None
    fragment: str | None = None
    data: Any = None
    inferred_content_type: NameText | None = None
    cookies: list[tuple[str, str]] | None = None
    headers: list[tuple[str, str]] | None = None
    env: dict[str, Any] | None = None
    body_size: SizeBytes | None = None
    api_target: NameText | None = None  # graphql


class User(_Interface):
    """Who was affected. Counted by the first of id, username, email, ip_address."""

    id: NameText | None = None
    username: NameText | None = None
    email: EmailText | None = None
    ip_address: str | None = None
    name: NameText | None = None
    segment: NameText | None = None
    geo: dict[str, Any] | None = None
    data: dict[str, Any] | None = None


class SdkPackage(_Interface):
    """One of the packages that a client library consists of."""

    name: TypeText | None = None
    version: TypeText | None = None


class Sdk(_Interface):
    """The client library."""

    name: TypeText | None = None
    version: TypeText | None = None
    integrations: list[NameText] | None = None
    packages: list[SdkPackage] | None = None
    features: list[NameText] | None = None
    settings: Bag5 | None = None


class DebugImage(_Interface):
    """A loaded library, program or bundle, by which source maps and symbols are found."""

    type: ImageType
    debug_id: NameText | None = None  # a uuid with hyphens, and -<age> of Windows' debug files
    code_id: NameText | None = None  # lower-case hexadecimal digits
    code_file: PathText | None = None
    debug_file: PathText | None = None
    debug_checksum: NameText | None = None
    image_addr: NameText | None = None  # hexadecimal, with 0x
    image_vmaddr: NameText | None = None
    image_size: SizeBytes | None = None  # bytes
    arch: NameText | None = None


class DebugMeta(_Interface):
    """The loaded images of an event."""

    images: list[DebugImage] = []
    sdk_info: Bag5 | None = None  # the system SDK: sdk_name, version_major, …


class Csp(_Interface):
    """A violation of a Content-Security-Policy, as the browser reported it."""

    document_uri: UrlText | None = None
    referrer: UrlText | None = None
    blocked_uri: UrlText | None = None
    violated_directive: ValueText | None = None
    effective_directive: ValueText | None = None
    original_policy: ValueText | None = None
    disposition: NameText | None = None  # enforce, report
    status_code: LineNumber | None = None
    source_file: UrlText | None = None
    line_number: LineNumber | None = None
    column_number: LineNumber | None = None
    script_sample: LineText | None = None


class EventError(_Interface):
    """Something that was wrong with the payload, kept so that people can see what was changed."""

    type: NameText  # invalid_data, missing_attribute, value_too_long, clock_drift, ...
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
    raw_stacktrace: Stacktrace | None = None
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
    debug_meta: DebugMeta | None = None
    template: Frame | None = None  # where a template engine failed (old Django clients)
    csp: Csp | None = None
    errors: list[EventError] = []
    meta: dict[str, Any] | None = msgspec.field(
        default=None, name="_meta"
    )  # the client's own notes


def message_text(event: Event) -> str:
    """The event's message as people read it; empty when it has none."""
    entry = event.logentry
    return (entry.formatted or entry.message or "") if entry else ""
