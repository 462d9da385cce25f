"""
Which of a fingerprint's events go to another issue: how a condition reads, and which events meet it.

A condition has one of these or both, which must then both be met:
    {"release": "shop@1.2"}                                events of this release
    {"frame": {"module": "shop.till", "function": "pay"}}  events with this call; either may be absent
"""

from __future__ import annotations

from typing import Any

import msgspec

from mesher.storage.new_events import NewEvent


def meets(event: NewEvent, condition: dict[str, Any]) -> bool:
    """Whether an event on its way into the table is one that the condition names."""
    if "release" in condition and _decode(event.tags).get("release") != condition["release"]:
        return False
    return "frame" not in condition or _has_call(event, condition["frame"])


def _has_call(event: NewEvent, wanted: dict[str, str]) -> bool:
    frames = _decode(event.stacktrace) if event.stacktrace else []
    return any(all(frame.get(name) == value for name, value in wanted.items()) for frame in frames)


_decode = msgspec.json.Decoder().decode
