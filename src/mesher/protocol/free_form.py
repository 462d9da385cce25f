"""
Free-form JSON in an event (locals, extra, contexts), bounded in depth and in size.

The depth is part of the type: ``msgspec`` refuses deeper values while it decodes, so events that
keep to the limit, nearly all, pay nothing for the check. Deeper values become their JSON text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    Json3 = Any
    Json5 = Any
    Json7 = Any
else:
    _Scalar = None | bool | int | float | str
    _levels = [_Scalar]
    for _ in range(7):
        _inner = _levels[-1]
        _levels.append(_Scalar | list[_inner] | dict[str, _inner])
    # Depth as Relay counts it: the map itself is the first level.
    Json3 = _levels[2]
    Json5 = _levels[4]
    Json7 = _levels[6]

Bag5 = dict[str, Json5]
Bag7 = dict[str, Json7]
BAG_DEPTHS: tuple[tuple[Any, int], ...] = ((Bag5, 5), (Bag7, 7))

_NESTED = (dict, list)
_encode = msgspec.json.Encoder().encode


def json_size(value: Any) -> int:
    """Bytes of the value's JSON."""
    return len(_encode(value))


def flatten(value: Any, depth: int) -> Any:
    """``value`` with everything below ``depth`` levels of maps and lists turned into JSON text."""
    if not isinstance(value, _NESTED):
        return value
    if depth == 0:
        return _encode(value).decode()
    if isinstance(value, dict):
        return {
            key: flatten(inner, depth - 1) if isinstance(inner, _NESTED) else inner
            for key, inner in value.items()
        }
    return [flatten(inner, depth - 1) if isinstance(inner, _NESTED) else inner for inner in value]


def cut_to_size(value: Any, max_bytes: int) -> Any:
    """
    ``value`` in at most ``max_bytes`` bytes of JSON, as far as its form allows.

    Texts are cut. Maps and lists lose what does not fit; a large entry gets half of what is left, so
    that one long text does not cost all entries behind it.
    """
    if json_size(value) <= max_bytes:
        return value
    match value:
        case str():
            return _cut_text(value, max_bytes)
        case dict():
            return _cut_map(value, max_bytes)
        case list():
            return _cut_list(value, max_bytes)
        case _:  # a number
            return value


def _cut_text(text: str, max_bytes: int) -> str:
    # A character takes one to six bytes of JSON.
    for divisor in (1, 2, 4):
        shorter = text[: max(0, max_bytes // divisor - 5)] + "..."
        if json_size(shorter) <= max_bytes:
            return shorter
    return text[: max(0, max_bytes // 6 - 5)] + "..."


def _cut_map(value: dict[str, Any], max_bytes: int) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    room = max_bytes - 2  # the brackets
    for key, inner in value.items():
        left = room - json_size(key) - 2  # colon and comma
        shorter = inner if json_size(inner) <= left else cut_to_size(inner, left // 2)
        left -= json_size(shorter)
        if left >= 0:
            kept[key] = shorter
            room = left
    return kept


def _cut_list(value: list[Any], max_bytes: int) -> list[Any]:
    kept: list[Any] = []
    room = max_bytes - 2
    for inner in value:
        left = room - 1
        shorter = inner if json_size(inner) <= left else cut_to_size(inner, left // 2)
        room = left - json_size(shorter)
        if room < 0:
            break
        kept.append(shorter)
    return kept
