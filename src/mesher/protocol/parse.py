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
from mesher.protocol import interfaces, limits
from mesher.protocol.event import Event, ExceptionValue, Level, Stacktrace
from mesher.protocol.exceptions import read_exceptions, read_threads
from mesher.protocol.json_text import clean_json, needs_cleaning
from mesher.protocol.lenient import Notes, cut, lenient_text
from mesher.protocol.stacktrace import read_stacktrace
from mesher.protocol.tags import read_tags
from mesher.protocol.timestamps import parse_timestamp

# Protocol versions before 7 used the names of Sentry's Python classes. The first that is there wins.
_ALIASES: dict[str, tuple[str, ...]] = {
    "exception": ("exception", "sentry.interfaces.Exception"),
    "stacktrace": ("stacktrace", "sentry.interfaces.Stacktrace"),
    "logentry": ("logentry", "sentry.interfaces.Message", "message"),
    "request": ("request", "sentry.interfaces.Http"),
    "user": ("user", "sentry.interfaces.User"),
    "breadcrumbs": ("breadcrumbs", "sentry.interfaces.Breadcrumbs"),
    "contexts": ("contexts", "sentry.interfaces.Contexts"),
    "template": ("template", "sentry.interfaces.Template"),
    "csp": ("csp", "sentry.interfaces.Csp"),
    "threads": ("threads", "sentry.interfaces.threads"),
    "sdk": ("sdk", "client_sdk"),
}
_PLATFORMS = frozenset(
    [
        "as3",
        "c",
        "cfml",
        "cocoa",
        "csharp",
        "elixir",
        "go",
        "groovy",
        "haskell",
        "java",
        "javascript",
        "native",
        "node",
        "objc",
        "other",
        "perl",
        "php",
        "python",
        "ruby",
    ]
)
_DIST = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_UNSAFE = re.compile(r"[/\\\x00-\x1f]")


class _ExceptionValues(msgspec.Struct):
    values: list[ExceptionValue]


_decode_raws = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_exception_values = msgspec.json.Decoder(_ExceptionValues).decode
_decode_exception_list = msgspec.json.Decoder(list[ExceptionValue]).decode
_decode_stacktrace = msgspec.json.Decoder(Stacktrace).decode


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
            return _Reading(payload, event_id, default_timestamp).result()
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _Reading(clean_json(payload), event_id, default_timestamp).result()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise ProtocolError(f"the event cannot be read: {error}") from error


class _Reading:
    """One pass over one payload."""

    def __init__(self, payload: bytes, event_id: str | None, default_timestamp: float) -> None:
        self._raws = _decode_raws(payload)
        self._notes = Notes()
        self._event = Event(
            event_id=event_id or self._event_id(),
            timestamp=self._timestamp(default_timestamp),
        )

    def result(self) -> tuple[Event, Notes]:
        self._read_attributes()
        self._read_stacks()
        self._read_tags()
        for name, reader in _INTERFACES.items():
            given = self._get(name)
            if given is not None and (read := reader(given, self._notes)) is not None:
                setattr(self._event, name, read)
        return self._event, self._notes

    def _raw(self, name: str) -> msgspec.Raw | None:
        """The JSON of an attribute under the first of its names that is there and not null."""
        for alias in _ALIASES.get(name, (name,)):
            raw = self._raws.get(alias)
            if raw is not None and bytes(raw) != b"null":
                return raw
        return None

    def _get(self, name: str) -> Any:
        raw = self._raw(name)
        return None if raw is None else msgspec.json.decode(raw)

    def _event_id(self) -> str:
        given = self._get("event_id")
        parsed = parse_uuid(given)
        if parsed is None:
            raise ProtocolError(f"event_id {str(given)[:50]!r} is not a uuid", field="event_id")
        return parsed.hex

    def _timestamp(self, default: float) -> float:
        given = self._get("timestamp")
        if given is None:
            return default
        parsed = parse_timestamp(given)
        if parsed is None:
            self._notes.invalid("timestamp", given)
        return default if parsed is None else parsed

    def _text(self, name: str, limit: tuple[int, int]) -> str | None:
        """A lenient text attribute; ``None`` where it is absent, empty or of another type."""
        given = self._get(name)
        if given is None:
            return None
        text = lenient_text(given)
        if text is None:
            self._notes.invalid(name, given)
        return cut(text.strip(), limit, self._notes, name) or None if text else None

    def _read_attributes(self) -> None:
        event, notes = self._event, self._notes
        event.platform = self._platform()
        event.level = self._level()
        event.logger = self._text("logger", limits.SHORT_CHARACTERS)
        event.transaction = self._text("transaction", limits.LINE_CHARACTERS)
        event.culprit = self._text("culprit", limits.LINE_CHARACTERS)
        event.server_name = self._text("server_name", limits.TYPE_CHARACTERS)
        event.site = self._text("site", limits.TYPE_CHARACTERS)
        event.checksum = self._text("checksum", limits.NAME_CHARACTERS)
        event.release = self._name("release", limits.LINE_CHARACTERS, {".", "..", "latest"})
        event.environment = self._name("environment", limits.SHORT_CHARACTERS, {".", "..", "none"})
        event.dist = self._dist()
        event.fingerprint = self._fingerprint()
        event.modules = self._modules()

    def _platform(self) -> str:
        given = self._get("platform")
        return given if isinstance(given, str) and given in _PLATFORMS else "other"

    def _level(self) -> Level:
        given = self._get("level")
        if given is None:
            return "error"
        return interfaces.read_level(given, self._notes, "level") or "error"

    def _name(self, name: str, limit: tuple[int, int], forbidden: set[str]) -> str | None:
        """A release or environment: some words and characters would break paths and queries."""
        text = self._text(name, limit)
        if text and (text.lower() in forbidden or _UNSAFE.search(text)):
            self._notes.invalid(name, text)
            return None
        return text

    def _dist(self) -> str | None:
        text = lenient_text(self._get("dist"))
        if text and not _DIST.fullmatch(text.strip()):
            self._notes.invalid("dist", text)
            return None
        return text.strip() if text else None

    def _fingerprint(self) -> list[str]:
        given = self._get("fingerprint")
        if given is None:
            return []
        if not isinstance(given, list):
            self._notes.invalid("fingerprint", given)
            return []
        parts = (lenient_text(part) for part in given[: limits.MAX_FINGERPRINT_PARTS])
        return [part for part in parts if part is not None]

    def _modules(self) -> dict[str, str | None]:
        given = self._get("modules")
        if not isinstance(given, dict):
            return {}
        return {
            name: lenient_text(version)
            for name, version in list(given.items())[: limits.MAX_MODULES]
        }

    def _read_stacks(self) -> None:
        raw = self._raw("exception")
        if raw is not None:
            self._event.exception = self._exceptions(raw)
        raw = self._raw("stacktrace")
        if raw is not None:
            try:
                self._event.stacktrace = _decode_stacktrace(raw)
            except msgspec.ValidationError:
                self._event.stacktrace = read_stacktrace(
                    msgspec.json.decode(raw), self._notes, "stacktrace"
                )
        threads = self._get("threads")
        if threads is not None:
            self._event.threads = read_threads(threads, self._notes)

    def _exceptions(self, raw: msgspec.Raw) -> list[ExceptionValue]:
        try:
            if bytes(memoryview(raw)[:1]) == b"[":
                return _decode_exception_list(raw)
            return _decode_exception_values(raw).values
        except msgspec.ValidationError:
            return read_exceptions(msgspec.json.decode(raw), self._notes)

    def _read_tags(self) -> None:
        tags = read_tags(self._get("tags"), self._notes)
        environment = tags.pop("environment", None)
        if environment and not self._event.environment:
            self._event.environment = environment[: limits.SHORT_CHARACTERS[0]]
        self._event.tags = tags


def _read_map(value: Any, _notes: Notes) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


_INTERFACES: dict[str, Callable[[Any, Notes], Any]] = {
    "logentry": interfaces.read_logentry,
    "breadcrumbs": interfaces.read_breadcrumbs,
    "request": interfaces.read_request,
    "user": interfaces.read_user,
    "contexts": interfaces.read_contexts,
    "extra": interfaces.read_extra,
    "sdk": interfaces.read_sdk,
    "debug_meta": interfaces.read_debug_meta,
    "transaction_info": _read_map,
    "template": _read_map,
    "csp": _read_map,
    "hpkp": _read_map,
    "expectct": _read_map,
    "expectstaple": _read_map,
}
