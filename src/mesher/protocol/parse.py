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
_OLD_PREFIX = b'"sentry.interfaces.'
_OLD_NAMES = {
    "sentry.interfaces.Exception": "exception",
    "sentry.interfaces.Stacktrace": "stacktrace",
    "sentry.interfaces.Message": "logentry",
    "sentry.interfaces.Http": "request",
    "sentry.interfaces.User": "user",
    "sentry.interfaces.Breadcrumbs": "breadcrumbs",
    "sentry.interfaces.Contexts": "contexts",
    "sentry.interfaces.Template": "template",
    "sentry.interfaces.Csp": "csp",
    "sentry.interfaces.threads": "threads",
}
_PLATFORMS = frozenset(
    ["as3", "c", "cfml", "cocoa", "csharp", "elixir", "go", "groovy", "haskell", "java",
     "javascript", "native", "node", "objc", "other", "perl", "php", "python", "ruby"]
)  # fmt: skip
_DIST = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_UNSAFE = re.compile(r"[/\\\x00-\x1f]")
_ABSENT = frozenset([b"", b"null", b"[]"])  # PHP writes an empty map so
_NONE = msgspec.Raw()


class _Payload(msgspec.Struct, kw_only=True):
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
    message: Any = None
    request: Any = None
    user: Any = None
    debug_meta: Any = None
    template: Any = None
    csp: Any = None
    errors: Any = None
    exception: msgspec.Raw = _NONE
    stacktrace: msgspec.Raw = _NONE
    threads: msgspec.Raw = _NONE
    breadcrumbs: msgspec.Raw = _NONE
    contexts: msgspec.Raw = _NONE
    extra: msgspec.Raw = _NONE
    modules: msgspec.Raw = _NONE
    sdk: msgspec.Raw = _NONE
    client_sdk: msgspec.Raw = _NONE


_decode_payload = msgspec.json.Decoder(_Payload).decode
_decode_raws = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


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
    if _OLD_PREFIX in payload:
        payload = _rename_old(payload)
    sent, notes = _decode_payload(payload), Notes()
    event = Event(
        event_id=event_id or _event_id(sent.event_id),
        timestamp=_timestamp(sent.timestamp, default_timestamp, notes),
    )
    _read_errors(sent.errors, notes)
    _read_attributes(event, sent, notes)
    _read_tags(event, sent, notes)
    for name, read_value in _VALUE_READERS.items():
        given = getattr(sent, name)
        if given is not None and given != [] and (read := read_value(given, notes)) is not None:
            setattr(event, name, read)
    for name, read_raw in _RAW_READERS.items():
        raw = getattr(sent, name)
        if _is_given(raw) and (read := read_raw(raw, notes)) is not None:
            setattr(event, name, read)
    return event, notes


def _rename_old(payload: bytes) -> bytes:
    """The payload with today's names; what has today's name already wins."""
    raws = _decode_raws(payload)
    for old, new in _OLD_NAMES.items():
        if old in raws and not _is_given(raws.get(new, _NONE)):
            raws[new] = raws.pop(old)
    return msgspec.json.encode(raws)


def _is_given(raw: msgspec.Raw) -> bool:
    view = memoryview(raw)
    return len(view) > 4 or bytes(view) not in _ABSENT


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
    event.platform = sent.platform if sent.platform in _PLATFORMS else "other"
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
    message = sent.message if sent.logentry is None else sent.logentry
    event.logentry = None if message is None else read_logentry(message, notes)
    if not _is_given(sent.sdk):
        sent.sdk = sent.client_sdk


def _text(name: str, given: Any, limit: tuple[int, int], notes: Notes) -> str | None:
    """A lenient text attribute; ``None`` where it is absent, empty or of another type."""
    if given is None:
        return None
    text = lenient_text(given)
    if text is None:
        notes.invalid(name, given)
        return None
    return cut(text.strip(), limit, notes, name) or None


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
