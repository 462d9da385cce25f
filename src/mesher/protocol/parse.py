"""
The JSON of an event to the typed ``Event``, in every legacy and lenient form; nothing is derived
here (``normalize`` does that).

Each top-level attribute is decoded on its own, into its type where it is well-formed, and attribute
by attribute where it is not: one wrong value costs neither its event nor the speed of the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from mesher.errors import ProtocolError
from mesher.ids import parse_uuid
from mesher.protocol import limits
from mesher.protocol.breadcrumbs import read_breadcrumbs
from mesher.protocol.contexts import read_contexts, read_extra
from mesher.protocol.event import Csp, Event, EventError, Level
from mesher.protocol.exceptions import read_exceptions, read_threads
from mesher.protocol.free_form import flatten
from mesher.protocol.json_text import clean_json, needs_cleaning
from mesher.protocol.lenient import Notes, StructReader, convert, cut, lenient_text, shorten
from mesher.protocol.level import read_level
from mesher.protocol.message import read_logentry
from mesher.protocol.request import read_request
from mesher.protocol.software import read_debug_meta, read_modules, read_sdk
from mesher.protocol.stacktrace import read_event_stacktrace, read_frame
from mesher.protocol.tags import read_tags, short_logger
from mesher.protocol.timestamps import parse_timestamp
from mesher.protocol.user import read_user

# Protocol versions before 7 used the names of Sentry's Python classes.
_OLD_NAMES = {
    "old_exception": "sentry.interfaces.Exception",
    "old_stacktrace": "sentry.interfaces.Stacktrace",
    "old_logentry": "sentry.interfaces.Message",
    "old_request": "sentry.interfaces.Http",
    "old_user": "sentry.interfaces.User",
    "old_breadcrumbs": "sentry.interfaces.Breadcrumbs",
    "old_contexts": "sentry.interfaces.Contexts",
    "old_template": "sentry.interfaces.Template",
    "old_csp": "sentry.interfaces.Csp",
    "old_threads": "sentry.interfaces.threads",
    "old_sdk": "client_sdk",
}
_PLATFORMS = frozenset(
    ["as3", "c", "cfml", "cocoa", "csharp", "elixir", "go", "groovy", "haskell", "java",
     "javascript", "native", "node", "objc", "other", "perl", "php", "python", "ruby"]
)  # fmt: skip
_DIST = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_UNSAFE = re.compile(r"[/\\\x00-\x1f]")
_ABSENT = frozenset([b"", b"null", b"[]"])  # the last is how PHP writes an empty map
_LONGEST_ABSENT = 4
_NONE = msgspec.Raw()


class _Payload(msgspec.Struct, kw_only=True, rename=_OLD_NAMES):
    """The attributes that are read. What is large stays JSON until its type is known."""

    event_id: Any = None
    timestamp: Any = None
    platform: Any = None
    level: Any = None
    logger: Any = None
    transaction: Any = None
    transaction_info: Any = None
    culprit: Any = None
    server_name: Any = None
    site: Any = None
    checksum: Any = None
    release: Any = None
    environment: Any = None
    dist: Any = None
    fingerprint: Any = None
    tags: Any = None
    logentry: Any = None
    old_logentry: Any = None
    message: Any = None
    request: Any = None
    old_request: Any = None
    user: Any = None
    old_user: Any = None
    debug_meta: Any = None
    template: Any = None
    old_template: Any = None
    csp: Any = None
    old_csp: Any = None
    errors: Any = None
    exception: msgspec.Raw = _NONE
    old_exception: msgspec.Raw = _NONE
    stacktrace: msgspec.Raw = _NONE
    old_stacktrace: msgspec.Raw = _NONE
    threads: msgspec.Raw = _NONE
    old_threads: msgspec.Raw = _NONE
    breadcrumbs: msgspec.Raw = _NONE
    old_breadcrumbs: msgspec.Raw = _NONE
    contexts: msgspec.Raw = _NONE
    old_contexts: msgspec.Raw = _NONE
    extra: msgspec.Raw = _NONE
    modules: msgspec.Raw = _NONE
    sdk: msgspec.Raw = _NONE
    old_sdk: msgspec.Raw = _NONE


_decode_payload = msgspec.json.Decoder(_Payload).decode


def parse_event(
    payload: bytes, *, event_id: str | None, default_timestamp: float
) -> tuple[Event, Notes]:
    """
    Read an event.

    Args:
        payload: the JSON as a client sent it.
        event_id: 32 hex digits that win over the payload's own; ``None`` takes the payload's.
        default_timestamp: for events that name no time, seconds since the epoch.

    Returns:
        The event, and notes on what was dropped or cut.

    Raises:
        ProtocolError: the payload is not a JSON object, or neither it nor the caller has an id.
    """
    try:
        if needs_cleaning(payload):
            payload = clean_json(payload)
        try:
            return _read(payload, event_id, default_timestamp)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _read(clean_json(payload), event_id, default_timestamp)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ProtocolError(f"the event cannot be read: {error}") from error


def _read(payload: bytes, event_id: str | None, default_timestamp: float) -> tuple[Event, Notes]:
    sent, notes = _decode_payload(payload), Notes()
    event = Event(
        event_id=event_id or _event_id(sent.event_id),
        timestamp=_timestamp(sent.timestamp, default_timestamp, notes),
    )
    _read_errors(sent.errors, notes)
    _read_attributes(event, sent, notes)
    _read_tags(event, sent, notes)
    for name, read_value in _VALUE_READERS.items():
        given = _value(sent, name)
        if given is not None and (read := read_value(given, notes)) is not None:
            setattr(event, name, read)
    for name, read_raw in _RAW_READERS.items():
        raw = _raw(sent, name)
        if raw is not None and (read := read_raw(raw, notes)) is not None:
            setattr(event, name, read)
    return event, notes


def _value(sent: _Payload, name: str) -> Any:
    """A decoded attribute under the first of its names that is there and not null."""
    given = getattr(sent, name)
    if given is None or given == []:
        given = getattr(sent, f"old_{name}", None)
    return given


def _raw(sent: _Payload, name: str) -> msgspec.Raw | None:
    """The JSON of an attribute, as ``_value``."""
    for spelling in (name, f"old_{name}"):
        raw: msgspec.Raw = getattr(sent, spelling, _NONE)
        view = memoryview(raw)
        if len(view) > _LONGEST_ABSENT or bytes(view) not in _ABSENT:
            return raw
    return None


def _event_id(given: Any) -> str:
    parsed = parse_uuid(given)
    if parsed is None:
        raise ProtocolError(f"event_id {str(given)[:50]!r} is not a uuid", field="event_id")
    return parsed.hex


def _timestamp(given: Any, default: float, notes: Notes) -> float:
    if given is None:
        return default
    parsed = parse_timestamp(given)
    if parsed is None:
        notes.invalid("timestamp", given)
        return default
    return parsed


def _read_errors(given: Any, notes: Notes) -> None:
    """What the SDK found wrong itself."""
    for error in given[: limits.MAX_ERRORS] if isinstance(given, list) else ():
        read = convert(EventError, error, notes, "errors")
        if read is not None:
            notes.add(read.type, read.name, read.value)


def _read_attributes(event: Event, sent: _Payload, notes: Notes) -> None:
    event.platform = _platform(sent.platform)
    event.level = _level(sent.level, notes)
    event.logger = short_logger(_text("logger", sent.logger, limits.LINE_CHARACTERS, notes))
    event.transaction = _text("transaction", sent.transaction, limits.LINE_CHARACTERS, notes)
    event.culprit = _text("culprit", sent.culprit, limits.LINE_CHARACTERS, notes)
    event.server_name = _text("server_name", sent.server_name, limits.TYPE_CHARACTERS, notes)
    event.site = _text("site", sent.site, limits.TYPE_CHARACTERS, notes)
    event.checksum = _text("checksum", sent.checksum, limits.NAME_CHARACTERS, notes)
    event.release = _name("release", sent.release, limits.LINE_CHARACTERS, notes)
    event.environment = _name("environment", sent.environment, limits.SHORT_CHARACTERS, notes)
    event.dist = _dist(sent.dist, notes)
    event.fingerprint = _fingerprint(sent.fingerprint, notes)
    event.transaction_info = _small_map("transaction_info", sent.transaction_info, notes)
    for message in (sent.logentry, sent.old_logentry, sent.message):
        if message is not None:
            event.logentry = read_logentry(message, notes)
            break


def _text(name: str, given: Any, limit: tuple[int, int], notes: Notes) -> str | None:
    """A lenient text attribute; ``None`` where it is absent, empty or of another type."""
    if given is None:
        return None
    text = lenient_text(given)
    if text is None:
        notes.invalid(name, given)
        return None
    return cut(text.strip(), limit, notes, name) or None


def _platform(given: Any) -> str:
    return given if isinstance(given, str) and given in _PLATFORMS else "other"


def _level(given: Any, notes: Notes) -> Level:
    return (given is not None and read_level(given, notes, "level")) or "error"


def _name(name: str, given: Any, limit: tuple[int, int], notes: Notes) -> str | None:
    """A release or environment: some words and characters would break paths and queries."""
    text = _text(name, given, limit, notes)
    if text and (text.lower() in _FORBIDDEN[name] or _UNSAFE.search(text)):
        notes.invalid(name, text)
        return None
    return text


def _dist(given: Any, notes: Notes) -> str | None:
    text = (lenient_text(given) or "").strip()
    if text and not _DIST.fullmatch(text):
        notes.invalid("dist", text)
        return None
    return text or None


def _fingerprint(given: Any, notes: Notes) -> list[str]:
    if given is None:
        return []
    if not isinstance(given, list):
        notes.invalid("fingerprint", given)
        return []
    texts = (lenient_text(part) for part in given[: limits.MAX_FINGERPRINT_PARTS])
    return [
        cut(text, limits.VALUE_CHARACTERS, notes, "fingerprint")
        for text in texts
        if text is not None
    ]


def _small_map(name: str, given: Any, notes: Notes) -> dict[str, Any] | None:
    if not isinstance(given, dict) or not given:
        return None
    flat = flatten(given, limits.SMALL_BAG[1])
    bag: dict[str, Any] = shorten(flat, limits.SMALL_BAG, notes, name)
    return bag


def _read_tags(event: Event, sent: _Payload, notes: Notes) -> None:
    tags = read_tags(sent.tags, notes)
    environment = tags.pop("environment", None)
    if event.environment is None:
        event.environment = _name("environment", environment, limits.SHORT_CHARACTERS, notes)
    if isinstance(sent.platform, str) and sent.platform != event.platform:
        # Clients of other languages (crystal, dart, rust) name them here.
        tags.setdefault("platform", sent.platform[: limits.SHORT_CHARACTERS[0]])
    event.tags = tags


def _template(given: Any, notes: Notes) -> Any:
    return read_frame(given, notes, "template")


def _csp(given: Any, notes: Notes) -> Csp | None:
    return _read_csp(given, notes, "csp")


_FORBIDDEN = {"release": {".", "..", "latest"}, "environment": {".", "..", "none"}}
_read_csp = StructReader(Csp, {})
_VALUE_READERS: dict[str, Callable[[Any, Notes], Any]] = {
    "request": read_request,
    "user": read_user,
    "debug_meta": read_debug_meta,
    "template": _template,
    "csp": _csp,
}
_RAW_READERS: dict[str, Callable[[msgspec.Raw, Notes], Any]] = {
    "exception": read_exceptions,
    "stacktrace": read_event_stacktrace,
    "threads": read_threads,
    "breadcrumbs": read_breadcrumbs,
    "contexts": read_contexts,
    "extra": read_extra,
    "modules": read_modules,
    "sdk": read_sdk,
}
