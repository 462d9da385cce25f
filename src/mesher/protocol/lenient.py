"""
Reading values of any shape: a value that is wrong is dropped and noted, never its event.

An interface is decoded into its type where it fits, at the speed of the decoder. Only where it does
not is it taken apart attribute by attribute. Both ways give the same for what is well-formed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, get_args

import msgspec

from mesher.protocol.event import EventError
from mesher.protocol.free_form import BAG_DEPTHS, cut_to_size, flatten, json_size
from mesher.protocol.limits import MAX_ERRORS, NAME_CHARACTERS

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)
Reader = Callable[[Any, "Notes", str], Any]

# A note shows what was wrong, not the whole of it.
_NOTED_CHARACTERS = 200
_KIND_CHARACTERS = NAME_CHARACTERS[0]


class Notes:
    """What was wrong with an event, collected while it is read."""

    def __init__(self) -> None:
        self.errors: list[EventError] = []

    def add(self, kind: str, name: str, value: Any = None) -> None:
        """
        Note one thing; the same once more says nothing.

        Args:
            kind: ``invalid_data``, ``value_too_long``, ``missing_attribute``, ``clock_drift``, …
            name: path of the attribute, ``exception.0.value``.
            value: the offending value; long ones are cut.
        """
        if len(self.errors) >= MAX_ERRORS:
            return
        if isinstance(value, dict | list):
            value = msgspec.json.encode(value).decode()
        if isinstance(value, str) and len(value) > _NOTED_CHARACTERS:
            value = value[:_NOTED_CHARACTERS] + "..."
        name = name[:_NOTED_CHARACTERS]
        error = EventError(type=kind[:_KIND_CHARACTERS], name=name, value=value)
        if not self.errors or self.errors[-1] != error:
            self.errors.append(error)

    def invalid(self, name: str, value: Any) -> None:
        """Note a value that is dropped because it does not fit."""
        self.add("invalid_data", name, value)


class StructReader(Generic[S]):
    """
    Reads an interface attribute by attribute; those that do not fit are dropped and noted.

    Args:
        kind: the interface. Texts are read leniently, and cut to the limit that their type names.
        special: readers for attributes that have further forms, by name.
    """

    def __init__(self, kind: type[S], special: Mapping[str, Reader]) -> None:
        self._kind = kind
        self._attributes = [
            (field.name, f".{field.name}", special.get(field.name) or _reader_of(field.type))
            for field in msgspec.structs.fields(kind)
        ]

    def __call__(self, value: Any, notes: Notes, path: str) -> S | None:
        """The interface from decoded JSON; ``None`` and a note where that is no object at all."""
        if not isinstance(value, dict):
            notes.invalid(path, value)
            return None
        found: dict[str, Any] = {}
        get = value.get
        for name, suffix, reader in self._attributes:
            given = get(name)
            if given is not None and (read := reader(given, notes, path + suffix)) is not None:
                found[name] = read
        return self._kind(**found)


class TypedReader(Generic[T]):
    """
    Reads an interface by its type where it fits, and leniently where it does not.

    One that was decoded with its event fits.

    Args:
        kind: a type that ``msgspec`` decodes.
        lenient: takes the decoded JSON of what does not fit.
    """

    def __init__(self, kind: Any, lenient: Callable[[Any, Notes, str], T]) -> None:
        self._decode: Callable[[msgspec.Raw], T] = msgspec.json.Decoder(kind).decode
        self._lenient = lenient

    def __call__(self, given: T | msgspec.Raw, notes: Notes, path: str) -> T:
        """The interface from its JSON, or as it is."""
        if not isinstance(given, msgspec.Raw):
            return given
        try:
            return self._decode(given)
        except msgspec.ValidationError:
            return self._lenient(msgspec.json.decode(given), notes, path)


def cut(text: str, limit: tuple[int, int], notes: Notes, name: str) -> str:
    """
    ``text`` within a limit of ``protocol.limits``: (characters, slack below which nothing is cut).
    """
    characters, slack = limit
    if len(text) <= characters + slack:
        return text
    notes.add("value_too_long", name, len(text))
    return text[: characters - 3] + "..."


def shorten(value: Any, bag: tuple[int, int], notes: Notes, name: str) -> Any:
    """A free-form value within the size of a limit of ``protocol.limits``; its depth is not looked at."""
    if json_size(value) <= bag[0]:
        return value
    notes.add("value_too_long", name)
    return cut_to_size(value, bag[0])


def lenient_text(value: Any) -> str | None:
    """A string from a string, boolean or number, as Sentry's clients rely on; else ``None``."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):  # of which True and False are two
        return str(value)
    return str(int(value)) if isinstance(value, float) and math.isfinite(value) else None


def read_lenient_text(value: Any, notes: Notes, path: str) -> str | None:
    """``lenient_text`` as a ``Reader``."""
    text = lenient_text(value)
    if text is None:
        notes.invalid(path, value)
    return text


def text_within(limit: tuple[int, int]) -> Reader:
    """A ``Reader`` of lenient texts that are cut to ``limit``."""

    def read(value: Any, notes: Notes, path: str) -> str | None:
        text = read_lenient_text(value, notes, path)
        return cut(text, limit, notes, path) if text is not None else None

    return read


def json_text_within(limit: tuple[int, int]) -> Reader:
    """A ``Reader`` that takes a string as it is and anything else as its JSON text."""

    def read(value: Any, notes: Notes, path: str) -> str | None:
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        return cut(text, limit, notes, path)

    return read


def convert(kind: Any, value: Any, notes: Notes, path: str) -> Any:
    """``value`` as ``kind``, or ``None`` and a note; whole floats pass for integers."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, OverflowError):
        notes.invalid(path, value)
        return None


def values_list(value: Any, notes: Notes, path: str) -> list[Any]:
    """The elements of ``{"values": […]}``, of a bare list, or a single object; nulls left out."""
    if isinstance(value, dict):
        value = value.get("values", [value] if value else [])
    if not isinstance(value, list):
        if value is not None:
            notes.invalid(path, value)
        return []
    return [element for element in value if element is not None]


def pairs(value: Any) -> list[tuple[Any, Any]]:
    """Key and value pairs of a map or of a list of pairs; what is no pair is left out."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return [tuple(pair) for pair in value if isinstance(pair, list) and len(pair) == 2]
    return []


def _reader_of(kind: Any) -> Reader:
    """The reader of an attribute by its declared type."""
    for option in (kind, *get_args(kind)):
        for bag, depth in BAG_DEPTHS:
            if option == bag:
                return _bag_of_depth(depth)
        for constraint in getattr(option, "__metadata__", ()):
            if constraint.extra is not None:
                return text_within(constraint.extra["limit"])

    def read(value: Any, notes: Notes, path: str) -> Any:
        return convert(kind, value, notes, path)

    return read


def _bag_of_depth(depth: int) -> Reader:
    """A ``Reader`` of free-form maps; of a list, which PHP makes of some maps, by its indexes."""

    def read(value: Any, notes: Notes, path: str) -> dict[str, Any] | None:
        if isinstance(value, list):
            value = {str(index): inner for index, inner in enumerate(value)}
        if not isinstance(value, dict):
            notes.invalid(path, value)
            return None
        bag: dict[str, Any] = flatten(value, depth)
        return bag

    return read
