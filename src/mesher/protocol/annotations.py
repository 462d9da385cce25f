"""
What a client has cut or removed itself, which it says in ``_meta``: a tree of the payload's form whose
nodes hold under ``""`` what was done at that place.

    {"_meta": {"message": {"": {"len": 9000, "rem": [["!limit", "x", 509, 512]]}}}}

It is kept as it is, and read only where an event is shown: most events of Python clients have some.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from mesher.protocol import limits
from mesher.protocol.event import EventError
from mesher.protocol.free_form import Json3, json_size
from mesher.protocol.lenient import Notes

if TYPE_CHECKING:
    Annotations = dict[str, Any]
else:
    # Maps in maps, with lists only at their ends.
    _node = None | bool | int | float | str | list[Json3]
    for _ in range(limits.MAX_ANNOTATION_DEPTH):
        _node = None | bool | int | float | str | list[Json3] | dict[str, _node]
    Annotations = dict[str, _node]

_LIMIT = "!limit"
_LONGEST_EMPTY = len(b"{}")


def read_annotations(given: msgspec.Raw, notes: Notes) -> Annotations | None:
    """Read what a client has annotated; too much of it is dropped as a whole."""
    if len(given) <= _LONGEST_EMPTY:
        return None
    try:
        found = _decode(given)
    except msgspec.ValidationError:
        notes.add("invalid_data", "_meta")
        return None
    # Written again, only numbers grow, and no number grows fivefold.
    if len(given) * 5 > limits.ANNOTATION_BYTES and json_size(found) > limits.ANNOTATION_BYTES:
        notes.add("value_too_long", "_meta")
        return None
    return found or None


def annotated_changes(meta: Annotations | None) -> list[EventError]:
    """
    What a client has changed, in the form in which Mesher notes what it changes.

    Paths are those of the payload as it was sent: ``exception.values.0.value``.
    """
    found = Notes()
    waiting: list[tuple[str, Any]] = [("", meta)]
    while waiting:
        path, node = waiting.pop()
        if not isinstance(node, dict):
            continue
        _note(node.get(""), path, found)
        prefix = f"{path}." if path else ""
        waiting += [(f"{prefix}{key}", node[key]) for key in reversed(node) if key]
    return found.errors


def _note(said: Any, path: str, found: Notes) -> None:
    if not isinstance(said, dict):
        return
    rule = _first(_first(said.get("rem")))
    length = said.get("len")
    if isinstance(rule, str) and rule != _LIMIT:
        found.add("redacted", path, rule)
    elif rule or isinstance(length, int):
        found.add("value_too_long", path, length if isinstance(length, int) else None)
    error = _first(said.get("err"))
    kind = error if isinstance(error, str) else _first(error)
    if isinstance(kind, str) and kind:
        found.add(kind, path)


def _first(found: Any) -> Any:
    return found[0] if isinstance(found, list) and found else None


_decode: Callable[[msgspec.Raw], Annotations | None] = msgspec.json.Decoder(
    Annotations | None
).decode
