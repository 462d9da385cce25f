"""
Free-form JSON in an event (locals, extra, contexts), bounded in depth and in size.

The depth is part of the type: ``msgspec`` refuses deeper values while it decodes, so events that
keep to the limit, nearly all, pay nothing for the check. Deeper values become their JSON text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    Json5 = Any
    Json7 = Any
else:
    _Scalar = None | bool | int | float | str
    _levels = [_Scalar]
    for _ in range(7):
        _inner = _levels[-1]
        _levels.append(_Scalar | list[_inner] | dict[str, _inner])
    # Depth as Relay counts it: the map itself is the first level.
    Json5 = _levels[4]
    Json7 = _levels[6]

Bag5 = dict[str, Json5]
Bag7 = dict[str, Json7]


def flatten(value: Any, depth: int) -> Any:
    """``value`` with everything below ``depth`` levels of maps and lists turned into JSON text."""
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return msgspec.json.encode(value).decode()
    if isinstance(value, dict):
        return {str(key): flatten(inner, depth - 1) for key, inner in value.items()}
    return [flatten(inner, depth - 1) for inner in value]


def cut_to_size(value: Any, max_bytes: int) -> Any:
    """
    ``value`` with at most about ``max_bytes`` bytes of JSON: entries that do not fit are removed.

    Maps and lists keep their first entries that fit; a single text is cut.
    """
    if isinstance(value, dict):
        kept: dict[str, Any] = {}
        room = max_bytes - 2
        for key, inner in value.items():
            size = len(msgspec.json.encode(inner)) + len(key) + 4
            if size <= room:
                kept[key] = inner
                room -= size
        return kept
    if isinstance(value, list):
        kept_items: list[Any] = []
        room = max_bytes - 2
        for inner in value:
            room -= len(msgspec.json.encode(inner)) + 1
            if room < 0:
                break
            kept_items.append(inner)
        return kept_items
    if isinstance(value, str):
        # A character is at most four bytes; what is cut may so be a little shorter than allowed.
        return value[: max(0, max_bytes // 4 - 3)] + "..."
    return value


def json_size(value: Any) -> int:
    """Bytes of the value's JSON."""
    return len(msgspec.json.encode(value))
