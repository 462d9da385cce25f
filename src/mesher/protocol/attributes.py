"""The top-level attributes of an event that are no interfaces: names, texts, message and tags."""

from __future__ import annotations

import re
from typing import Any, Literal

from mesher.protocol import limits
from mesher.protocol.event import Event, EventError, Level
from mesher.protocol.free_form import flatten
from mesher.protocol.lenient import Notes, convert, cut, lenient_text, shorten
from mesher.protocol.level import read_level
from mesher.protocol.message import read_logentry
from mesher.protocol.payload import Payload
from mesher.protocol.tags import clean_tag, read_tags, short_logger

_PLATFORMS = frozenset(
    ["as3", "c", "cfml", "cocoa", "csharp", "elixir", "go", "groovy", "haskell", "java",
     "javascript", "native", "node", "objc", "other", "perl", "php", "python", "ruby"]
)  # fmt: skip
_DIST = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_UNSAFE = re.compile(r"[/\\\x00-\x1f]")
_PLAIN_TEXTS = (
    ("culprit", limits.LINE_CHARACTERS),
    ("server_name", limits.TYPE_CHARACTERS),
    ("site", limits.TYPE_CHARACTERS),
    ("checksum", limits.NAME_CHARACTERS),
)
# Words that stand for none, and would break paths.
_FORBIDDEN = {"release": {".", "..", "latest"}, "environment": {".", "..", "none"}}


def read_attributes(event: Event, sent: Payload, notes: Notes) -> None:
    """Read the texts, names and short lists of an event, its message and its tags."""
    _read_errors(sent.errors, notes)
    if sent.type in ("transaction", "feedback"):
        event.type = sent.type
    event.platform = _platform(sent.platform)
    event.level = _level(sent.level, notes) or ("info" if event.type == "transaction" else "error")
    event.logger = short_logger(_text("logger", sent.logger, limits.LINE_CHARACTERS, notes))
    event.transaction = _text("transaction", sent.transaction, limits.LINE_CHARACTERS, notes)
    for name, limit in _PLAIN_TEXTS:
        given = getattr(sent, name)
        if given is not None:
            setattr(event, name, _text(name, given, limit, notes))
    event.release = _name("release", sent.release, limits.LINE_CHARACTERS, notes)
    event.environment = _name("environment", sent.environment, limits.SHORT_CHARACTERS, notes)
    event.dist = _dist(sent.dist, notes)
    event.fingerprint = _fingerprint(sent.fingerprint, notes)
    event.transaction_info = _small_map("transaction_info", sent.transaction_info, notes)
    for message in (sent.logentry, sent.old_logentry, sent.message):
        if message is not None:
            event.logentry = read_logentry(message, notes)
            break
    _read_tags(event, sent, notes)


def _read_errors(given: Any, notes: Notes) -> None:
    """What the SDK found wrong itself."""
    for error in given[: limits.MAX_ERRORS] if isinstance(given, list) else ():
        read = convert(EventError, error, notes, "errors")
        if read is not None:
            notes.add(read.type, read.name, read.value)


def clean_name(name: Literal["release", "environment"], given: Any) -> str | None:
    """A release or environment as an event would keep it; ``None`` where it is not usable."""
    limit = limits.LINE_CHARACTERS if name == "release" else limits.SHORT_CHARACTERS
    return _name(name, given, limit, Notes())


def _text(name: str, given: Any, limit: tuple[int, int], notes: Notes) -> str | None:
    """A lenient text attribute; ``None`` where it is absent, empty or of another type."""
    if given is None:
        return None
    text = lenient_text(given)
    if text is None:
        notes.invalid(name, given)
        return None
    text = text.strip()
    return (text if len(text) <= limit[0] else cut(text, limit, notes, name)) or None


def _platform(given: Any) -> str:
    return given if isinstance(given, str) and given in _PLATFORMS else "other"


def _level(given: Any, notes: Notes) -> Level | None:
    return None if given is None else read_level(given, notes, "level")


def _name(name: str, given: Any, limit: tuple[int, int], notes: Notes) -> str | None:
    """A release or environment: some words and characters would break paths and queries."""
    text = _text(name, given, limit, notes)
    if text and (text.lower() in _FORBIDDEN[name] or _UNSAFE.search(text)):
        notes.invalid(name, text)
        return None
    return text


def _dist(given: Any, notes: Notes) -> str | None:
    if given is None:
        return None
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
    if len(given) > limits.MAX_FINGERPRINT_PARTS:
        notes.add("value_too_long", "fingerprint", len(given))
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
    return bag or None


def _read_tags(event: Event, sent: Payload, notes: Notes) -> None:
    tags = read_tags(sent.tags, notes)
    environment = tags.pop("environment", None)
    if event.environment is None:
        event.environment = _name("environment", environment, limits.SHORT_CHARACTERS, notes)
    named = sent.platform if isinstance(sent.platform, str) else ""
    # Clients of other languages (crystal, dart, rust) name them here.
    if named != event.platform and (platform := clean_tag(named[: limits.SHORT_CHARACTERS[0]])):
        tags.setdefault("platform", platform)
    event.tags = tags
