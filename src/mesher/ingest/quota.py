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
from mesher.values.ingest_settings import IngestSettings

# Client reports have a limit of their own, whatever the project lets in: a client that was told to
# pause says so in them. They are dropped without a word, since no SDK knows a limit on them.
REPORT_CATEGORY = "internal"
# Of a key, and of a project. SDKs send one each half minute, or when a page is left; it is a tenth of
# what a project may send of other categories unless it says otherwise.
CLIENT_REPORTS_PER_SECOND = 1000
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
        window_seconds = key.settings.window_seconds
        number, into_window = divmod(now, window_seconds)
        seconds_left = math.ceil(window_seconds - into_window)
        refused: dict[str, Refusal] = {}
        for category, quantity in items.items():
            per_key, per_project = map(self._share, _limits(key.settings, category))
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


def _limits(settings: IngestSettings, category: str) -> tuple[int, int]:
    """How many items of a category a key and its project may send in one window."""
    if category == REPORT_CATEGORY:
        reports = CLIENT_REPORTS_PER_SECOND * settings.window_seconds
        return reports, reports
    return settings.key_events_per_window, settings.project_events_per_window
