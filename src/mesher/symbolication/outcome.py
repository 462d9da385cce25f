"""What became of an event's frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import msgspec

from mesher.protocol.event import EventError
from mesher.symbolication.limits import MAX_NOTES
from mesher.symbolication.problems import note
from mesher.symbolication.queries import Answer, Query

Ask = Callable[[Query], Answer]
AwaitedKind = Literal["debug_id", "release", "debug_file"]


class Awaited(NamedTuple):
    """Something that was not uploaded when an event that names it came."""

    kind: AwaitedKind
    name: str


class Outcome(msgspec.Struct):
    """Frames that were mapped, and why others were not."""

    mapped: int = 0
    notes: dict[tuple[str, str], EventError] = {}
    awaited: set[Awaited] = msgspec.field(default_factory=set)

    def note(self, problem: str, file: str, at: str = "") -> None:
        """Remember a problem, once for each file."""
        if (problem, file) not in self.notes and len(self.notes) < MAX_NOTES:
            self.notes[problem, file] = note(problem, file, at)

    def add(self, other: Outcome) -> None:
        """Add what another part of the same event came to."""
        self.mapped += other.mapped
        self.notes.update(other.notes)
        self.awaited |= other.awaited
