"""Severity levels in every form that clients send."""

from __future__ import annotations

from typing import Any

from mesher.protocol.event import Level
from mesher.protocol.lenient import Notes

_LEVELS: dict[Any, Level] = {
    "fatal": "fatal", "error": "error", "warning": "warning", "info": "info", "debug": "debug",
    "log": "info", "critical": "fatal",
    10: "debug", 20: "info", 30: "warning", 40: "error", 50: "fatal",
}  # fmt: skip
_NAMES = (str, int)


def read_level(value: Any, notes: Notes, path: str) -> Level | None:
    """
    A level from its name, an alias, or Python's numbers.

    ``None`` and a note for others; ``warn``, which many write, is among them by the protocol.
    """
    level = _LEVELS.get(value) if isinstance(value, _NAMES) else None
    if level is None:
        notes.invalid(path, value)
    return level
