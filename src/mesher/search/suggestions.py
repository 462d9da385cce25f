"""What may stand in a query, as far as it is known without looking into events."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import get_args

from mesher.search.keys import ABSENT, ALIASES, BY_NAME
from mesher.search.tree import State
from mesher.values.event import SEVERITIES

_OF_KIND: Mapping[str, Sequence[str]] = {
    "state": get_args(State),
    "level": SEVERITIES,
    "handled": ("true", "false"),
    "person": ("me", "none"),
    "time": ("-1h", "-24h", "-7d", "-14d", "-30d", "+7d"),
    "number": (">10", ">100", ">1k"),
    "phrase": (),
    "id": (),
}
# As the grammar reads a key.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,199}")


def values_of_key(name: str) -> Sequence[str] | None:
    """The usual values behind a key of ours; ``None`` where events have to be asked."""
    key = BY_NAME.get(name)
    return None if key is None else _OF_KIND.get(key.kind)


def written_tag(tag: str) -> str:
    """How a query names a tag: ``tags[…]`` where its name alone would mean something else, or nothing."""
    name = tag.lower()
    taken = name in BY_NAME or name in ALIASES or name in ABSENT
    return f"tags[{tag}]" if taken or not _PLAIN.fullmatch(tag) else tag
