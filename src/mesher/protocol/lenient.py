"""
Reading values of any shape: a value that is wrong is dropped and noted, never its event.

``read`` tries the declared type first; only a value that does not fit is taken apart attribute by
attribute, so well-formed events, nearly all, are read at the speed of the decoder.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from mesher.protocol.event import EventError
from mesher.protocol.limits import MAX_ERRORS

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)
Reader = Callable[[Any, "Notes", str], Any]

# A note shows what was wrong, not the whole of it.
_NOTED_VALUE_CHARACTERS = 200


class Notes:
    """What was wrong with an event, collected while it is read."""

    def __init__(self) -> None:
        self.errors: list[EventError] = []

    def add(self, kind: str, name: str, value: Any = None) -> None:
        """
        Note one thing.

        Args:
            kind: ``invalid_data``, ``value_too_long``, ``missing_attribute``, ``clock_drift``, …
            name: path of the attribute, ``exception.0.value``.
            value: the offending value; long ones are cut.
        """
        if len(self.errors) >= MAX_ERRORS:
            return
        if isinstance(value, dict | list):
            value = msgspec.json.encode(value).decode()
        if isinstance(value, str) and len(value) > _NOTED_VALUE_CHARACTERS:
            value = value[:_NOTED_VALUE_CHARACTERS] + "..."
        self.errors.append(EventError(type=kind, name=name, value=value))

    def invalid(self, name: str, value: Any) -> None:
        """Note a value that is dropped because it does not fit."""
        self.add("invalid_data", name, value)


def cut(text: str, limit: tuple[int, int], notes: Notes, name: str) -> str:
    """
    ``text`` within a limit of ``protocol.limits``: (characters, slack below which nothing is cut).
    """
    characters, slack = limit
    if len(text) <= characters + slack:
        return text
    notes.add("value_too_long", name, len(text))
    return text[: characters - 3] + "..."


def lenient_text(value: Any) -> str | None:
    """A string from a string, boolean or number, as Sentry's clients rely on; else ``None``."""
    match value:
        case str():
            return value
        case bool():
            return "True" if value else "False"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return str(int(value))
        case _:
            return None


def read_lenient_text(value: Any, notes: Notes, path: str) -> str | None:
    """``lenient_text`` as a ``Reader``."""
    text = lenient_text(value)
    if text is None:
        notes.invalid(path, value)
    return text


def read_json_text(value: Any, _notes: Notes, _path: str) -> str | None:
    """A string as it is, anything else as its JSON text."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def values_list(value: Any) -> list[Any]:
    """The elements of ``{"values": […]}``, of a bare list, or a single object; nulls left out."""
    if isinstance(value, dict):
        value = value.get("values", [value] if value else [])
    if not isinstance(value, list):
        return []
    return [element for element in value if element is not None]


def pairs(value: Any) -> list[tuple[Any, Any]]:
    """Key and value pairs of a map or of a list of pairs; what is no pair is left out."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return [tuple(pair) for pair in value if isinstance(pair, list) and len(pair) == 2]
    return []


def read_struct(
    kind: type[S], value: Any, notes: Notes, path: str, special: Mapping[str, Reader]
) -> S | None:
    """
    Read an interface attribute by attribute; those that do not fit are dropped and noted.

    Args:
        kind: the interface.
        value: a decoded JSON value.
        special: readers for attributes that have legacy or lenient forms, by name.

    Returns:
        ``None`` where the value is no object at all.
    """
    if not isinstance(value, dict):
        notes.invalid(path, value)
        return None
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        given = value.get(field.encode_name)
        if given is None:
            continue
        name = f"{path}.{field.encode_name}"
        if reader := special.get(field.name):
            read_value = reader(given, notes, name)
        else:
            read_value = convert(field.type, given, notes, name)
        if read_value is not None:
            found[field.name] = read_value
    return kind(**found)


def convert(kind: Any, value: Any, notes: Notes, path: str) -> Any:
    """``value`` as ``kind``, or ``None`` and a note."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, OverflowError):
        notes.invalid(path, value)
        return None
