"""Tags: those that clients send, and those that follow from the rest of the event."""

from __future__ import annotations

import re
from typing import Any

from mesher.protocol import limits
from mesher.protocol.event import Event
from mesher.protocol.lenient import Notes, cut, lenient_text, pairs

_KEY = re.compile(r"[A-Za-z0-9_.:-]+")
# Attributes of the event; as tags they would contradict them.
_RESERVED = frozenset({"release", "dist", "user", "filename", "function", "environment"})


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
        if key in tags or (key in _RESERVED and key != "environment"):
            continue
        tags[key] = cut(text, limits.LINE_CHARACTERS, notes, f"tags.{key}")
        if len(tags) == limits.MAX_TAGS:
            break
    return tags


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
        "user": user_tag(event),
    }
    mechanism = event.exception[-1].mechanism if event.exception else None
    if mechanism is not None:
        found["mechanism"] = mechanism.type
        if mechanism.handled is not None:
            found["handled"] = "yes" if mechanism.handled else "no"
    for name in ("browser", "os", "client_os", "runtime"):
        found |= _named_context(event, name)
    device = event.contexts.get("device")
    if device:
        found["device"] = lenient_text(device.get("model"))
        found["device.family"] = lenient_text(device.get("family"))
    return {key: text[: limits.LINE_CHARACTERS[0]] for key, text in found.items() if text}


def user_tag(event: Event) -> str | None:
    """The identity by which users are counted: ``id:…``, ``username:…``, ``email:…`` or ``ip:…``."""
    user = event.user
    if user is None:
        return None
    for name, text in (
        ("id", user.id),
        ("username", user.username),
        ("email", user.email),
        ("ip", user.ip_address),
    ):
        if text:
            return f"{name}:{text}"
    return None


def _named_context(event: Event, name: str) -> dict[str, str | None]:
    context = event.contexts.get(name)
    if not context:
        return {}
    title = lenient_text(context.get("name") or context.get("raw_description"))
    if not title:
        return {}
    version = lenient_text(context.get("version"))
    return {name: f"{title} {version}" if version else title, f"{name}.name": title}
