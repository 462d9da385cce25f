"""
Which calls fulfil what rules ask of them.

All conditions of all rules are asked of a call at once, and the answer is remembered by the names of
the call: the calls of a project's stack traces are mostly the same few hundred.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

from mesher.grouping.in_app import is_in_app
from mesher.grouping.rules.matchers import Matcher, all_of
from mesher.protocol.event import Frame

# What conditions are about: all else of a call is left out of what is remembered.
_NAMES = ("function", "raw_function", "module", "filename", "abs_path", "package")
_names = attrgetter(*_NAMES)
# A project has some hundred different calls; a half of a kilobyte each.
_REMEMBERED = 1024

# What one rule asks of one call: matchers of the kind "call".
Asked = tuple[Matcher, ...]


class CallIndex:
    """The conditions of a project's rules."""

    def __init__(self, conditions: Iterable[Asked]) -> None:
        """
        Args:
            conditions: each fulfilled by a call that fits all its matchers; none: by every call.
        """
        self._tests = {asked: all_of(asked) for asked in conditions}
        self._find = lru_cache(maxsize=_REMEMBERED)(self._fulfilled)

    def fulfilled(self, frames: Sequence[Frame], platform: str) -> list[frozenset[Asked]]:
        """The conditions that each call fulfils; ``platform`` is that of the event."""
        find = self._find
        return [find(frame.platform or platform, _names(frame)) for frame in frames]

    def _fulfilled(self, platform: str, names: tuple[str | None, ...]) -> frozenset[Asked]:
        named: dict[str, Any] = dict(zip(_NAMES, names, strict=True))
        frame = Frame(**named)
        return frozenset(asked for asked, test in self._tests.items() if test(frame, platform))


def in_app_flags(frames: Sequence[Frame], platform: str) -> list[bool]:
    """Which calls are the application's own."""
    return [is_in_app(frame, frame.platform or platform) for frame in frames]
