"""Tags: those that clients send, and those that follow from the rest of the event."""

from __future__ import annotations

import re
from typing import Any

from mesher.protocol import limits
from mesher.protocol.event import Event
from mesher.protocol.lenient import Notes, cut, lenient_text, pairs
from mesher.protocol.user import user_tag

_KEY = re.compile(r"[A-Za-z0-9_.:-]+")
# Attributes of the event; as tags they would contradict them.
_RESERVED = frozenset({"release", "dist", "user", "filename", "function"})
_SOFTWARE = ("browser", "os", "client_os", "runtime")  # contexts of a name and a version
# Name of the tag, context, attribute of the context.
_CONTEXT_TAGS = (
    ("device", "device", "model"),
    ("device.family", "device", "family"),
    ("trace", "trace", "trace_id"),
    ("replayId", "replay", "replay_id"),
)
# Those that attributes are, too.
_ATTRIBUTES = frozenset(["level", "logger", "environment", "transaction", "server_name", "site"])
# Those that are derived; sent, they do not count against the limit, since they replace one.
_DERIVED = _ATTRIBUTES | frozenset(
    ["platform", "url", "mechanism", "handled", "browser", "browser.name", "os", "os.name", "client_os", "client_os.name", "runtime",
     "runtime.name", "device", "device.family", "trace", "replayId"]
)  # fmt: skip
# "Python 3.11.4 (main, …)": a name, and a version that begins with a digit.
_DESCRIPTION = re.compile(r"([^\d\n]{0,99}[^\d\s])\s+v?(\d[\w.+-]{0,99})")
_OURS = "sentry:"  # how a server of Sentry's marks them


def read_tags(value: Any, notes: Notes) -> dict[str, str]:
    """
    Read tags from a map or a list of pairs; of the same key, the first counts.

    Keys with other characters than ``A-Z a-z 0-9 _ . : -``, empty values and values with a line break
    are dropped and noted. An ``environment`` is in the result; the caller moves it.
    """
    tags: dict[str, str] = {}
    room = limits.MAX_TAGS
    for given_key, given in pairs(value):
        if given is None or given_key is None:
            continue
        key = (lenient_text(given_key) or "").strip().replace(" ", "-")
        text = (lenient_text(given) or "").strip()
        if not _KEY.fullmatch(key) or not text or "\n" in text:
            notes.invalid(f"tags.{key}", given)
            continue
        key = cut(key, limits.LINE_CHARACTERS, notes, "tags")
        if key in tags or key in _RESERVED or key.startswith(_OURS):
            continue
        if key not in _DERIVED:
            if room == 0:
                notes.add("value_too_long", "tags")
                break
            room -= 1
        tags[key] = cut(text, limits.LINE_CHARACTERS, notes, f"tags.{key}")
    return tags


def short_logger(name: str | None) -> str | None:
    """A logger's name within its limit: packages shrink to their initials, from the left."""
    longest = limits.SHORT_CHARACTERS[0]
    if name is None or len(name) <= longest:
        return name
    words = name.split(".")
    for index, word in enumerate(words[:-1]):
        words[index] = word[:1]
        if len(".".join(words)) <= longest:
            break
    return ".".join(words)[-longest:].strip()


def complete_tags(event: Event) -> dict[str, str]:
    """
    All tags of an event, by which people search.

    What its attributes say wins over what was sent as a tag, and that over what follows from its
    interfaces: a client may name the browser as it likes, and its level only by being of that level.
    """
    found: dict[str, str | None] = {
        "level": event.level,
        "logger": event.logger,
        "environment": event.environment,
        "release": event.release,
        "dist": event.dist if event.release else None,  # it tells builds of a release apart
        "transaction": event.transaction,
        "server_name": event.server_name,
        "site": event.site,
        "user": user_tag(event.user),
        "url": event.request.url if event.request else None,
    }
    _add_mechanism(event, found)
    _add_contexts(event.contexts, found)
    longest = limits.LINE_CHARACTERS[0]
    tags = {
        key: tag
        for key, text in found.items()
        if text
        and (tag := (text if text.isprintable() else " ".join(text.split()))[:longest].strip())
    }
    for key, text in event.tags.items():
        if key not in _ATTRIBUTES or key not in tags:
            tags[key] = text
    return tags


def clean_tag(text: str) -> str:
    """A text as the value of a tag: in one line, within the limit."""
    return " ".join(text.split())[: limits.LINE_CHARACTERS[0]].strip()


def _add_mechanism(event: Event, found: dict[str, str | None]) -> None:
    """How the raised exception was caught."""
    mechanism = event.exception[-1].mechanism if event.exception else None
    if mechanism is not None:
        found["mechanism"] = mechanism.type
        if mechanism.handled is not None:
            found["handled"] = "yes" if mechanism.handled else "no"


def _add_contexts(contexts: dict[str, dict[str, Any]], found: dict[str, str | None]) -> None:
    for name in _SOFTWARE:
        if name in contexts:
            title, version = _title_and_version(contexts[name])
            found[name] = f"{title} {version}" if title and version else title
            found[f"{name}.name"] = title
    for tag, context, attribute in _CONTEXT_TAGS:
        if context in contexts:
            found[tag] = lenient_text(contexts[context].get(attribute))


def _title_and_version(context: dict[str, Any]) -> tuple[str | None, str | None]:
    title = lenient_text(context.get("name"))
    if title:
        return title, lenient_text(context.get("version"))
    described = lenient_text(context.get("raw_description"))
    match = _DESCRIPTION.match(described) if described else None
    return (match[1], match[2]) if match else (described, None)
