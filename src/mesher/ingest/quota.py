"""
Rate limits: how many items of a category a key and its project may send in a window of time.

Fixed windows, because that is what ``X-Sentry-Rate-Limits`` can say: an SDK is told the seconds
until the window ends, and pauses for them. All in memory, two look-ups and two additions a request.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from mesher.values.ingest_key import IngestKey

# Never limited: a client that is told to pause says so in them.
UNLIMITED_CATEGORY = "internal"
# Some 30 MB, which is 5,000 keys that send of every category. Above it all windows begin anew: for
# one window too generous, and never too strict.
MAX_WINDOWS = 100_000

Scope = Literal["key", "project"]


class _Window(msgspec.Struct):
    number: float  # whole: time divided by the window's length
    taken: int


class Refusal(NamedTuple):
    """Why a category is not let in now, and until when."""

    scope: Scope
    retry_after_seconds: int


class Quota:
    """The windows of one web process."""

    def __init__(self, *, processes: int = 1) -> None:
        """
        Args:
            processes: how many web processes share the limits; each lets in its part of them.
        """
        self._processes = processes
        self._windows: dict[tuple[str | int, str], _Window] = {}

    def take(self, key: IngestKey, items: Mapping[str, int], now: float) -> dict[str, Refusal]:
        """
        Count items against the limits of a key and its project.

        Args:
            items: how many of each category; those of one category are let in or refused together.
            now: seconds of a clock that never goes back.

        Returns:
            The categories that are refused; of them nothing is counted.
        """
        settings = key.settings
        number, into_window = divmod(now, settings.window_seconds)
        seconds_left = math.ceil(settings.window_seconds - into_window)
        per_key = self._share(settings.key_events_per_window)
        per_project = self._share(settings.project_events_per_window)
        refused: dict[str, Refusal] = {}
        for category, quantity in items.items():
            if category == UNLIMITED_CATEGORY:
                continue
            of_key = self._window((key.public_key, category), number)
            of_project = self._window((key.project_number, category), number)
            if of_key.taken + quantity > per_key:
                refused[category] = Refusal("key", seconds_left)
            elif of_project.taken + quantity > per_project:
                refused[category] = Refusal("project", seconds_left)
            else:
                of_key.taken += quantity
                of_project.taken += quantity
        return refused

    def _share(self, limit: int) -> int:
        return -(-limit // self._processes)

    def _window(self, name: tuple[str | int, str], number: float) -> _Window:
        window = self._windows.get(name)
        if window is None:
            if len(self._windows) >= MAX_WINDOWS:
                self._windows.clear()
            window = self._windows[name] = _Window(number, 0)
        elif window.number != number:
            window.number, window.taken = number, 0
        return window
