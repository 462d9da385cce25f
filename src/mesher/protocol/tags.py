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
_OURS = "sentry:"  # how a server of Sentry's marks them


def read_tags(value: Any, notes: Notes) -> dict[str, str]:
    """
    Read tags from a map or a list of pairs; of the same key, the first counts.

    Keys with other characters than ``A-Z a-z 0-9 _ . : -``, empty values and values with a line break
    are dropped and noted. An ``environment`` is in the result; the caller moves it.
    """
    tags: dict[str, str] = {}
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
        if len(tags) == limits.MAX_TAGS:
            notes.add("value_too_long", "tags")
            break
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
    return ".".join(words)[-longest:]


def derive_tags(event: Event) -> dict[str, str]:
    """The tags that follow from other attributes, by which people search."""
    found: dict[str, str | None] = {
        "level": event.level,
        "logger": event.logger,
        "environment": event.environment,
        "release": event.release,
        "dist": event.dist,
        "transaction": event.transaction,
        "server_name": event.server_name,
        "site": event.site,
        "url": event.request.url if event.request else None,
        "user": user_tag(event.user),
    }
    mechanism = event.exception[-1].mechanism if event.exception else None
    if mechanism is not None:
        found["mechanism"] = mechanism.type
        if mechanism.handled is not None:
            found["handled"] = "yes" if mechanism.handled else "no"
    contexts = event.contexts
    for name in ("browser", "os", "client_os", "runtime"):
        if name in contexts:
            found |= _named_context(contexts[name], name)
    if "device" in contexts:
        found["device"] = lenient_text(contexts["device"].get("model"))
        found["device.family"] = lenient_text(contexts["device"].get("family"))
    if "trace" in contexts:
        found["trace"] = lenient_text(contexts["trace"].get("trace_id"))
    longest = limits.LINE_CHARACTERS[0]
    return {
        key: (text if text.isprintable() else " ".join(text.split()))[:longest]
        for key, text in found.items()
        if text
    }


def _named_context(context: dict[str, Any], name: str) -> dict[str, str | None]:
    title = lenient_text(context.get("name") or context.get("raw_description"))
    if not title:
        return {}
    version = lenient_text(context.get("version"))
    return {name: f"{title} {version}" if version else title, f"{name}.name": title}
