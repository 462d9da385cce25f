"""The values that are known without looking into events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from mesher.search.keys import BY_NAME
from mesher.search.tree import State

LEVELS = ("fatal", "error", "warning", "info", "debug")
_OF_KIND: Mapping[str, Sequence[str]] = {
    "state": get_args(State),
    "level": LEVELS,
    "handled": ("true", "false"),
    "person": ("me", "none"),
    "time": ("-1h", "-24h", "-7d", "-14d", "-30d", "+7d"),
    "number": (">10", ">100", ">1k"),
}


def values_of_key(name: str) -> Sequence[str] | None:
    """The usual values behind a key of ours; ``None`` where they are those of a tag."""
    key = BY_NAME.get(name)
    if key is None or key.kind == "release":
        return None
    return _OF_KIND.get(key.kind, ())
