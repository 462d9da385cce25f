"""CPU time of named stages, and the profile of one of them."""

from __future__ import annotations

import contextlib
import cProfile
import os
import pstats
import time
from collections.abc import Iterator
from pathlib import Path

from figures import Figures

PROFILE_LINES = 30
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Meter:
    """Measures stages, each of the same number of events."""

    def __init__(self, events: int, *, profiled: str = "") -> None:
        """
        Args:
            events: by which each time is divided.
            profiled: the stage to profile, which slows it down; empty for none.
        """
        self.figures: Figures = {}  # microseconds of CPU per event, by the stage's name with _us
        self._events = events
        self._profiled = profiled
        self._profile = cProfile.Profile()

    @contextlib.contextmanager
    def stage(self, name: str, *, server_pid: int | None = None) -> Iterator[None]:
        """
        The block is the stage.

        Args:
            name: of the figure; the server's part is another one.
            server_pid: the process of PostgreSQL that works for the stage.
        """
        server_began = _cpu_seconds(server_pid) if server_pid else 0.0
        if name == self._profiled:
            self._profile.enable()
        began = time.process_time()
        try:
            yield
        finally:
            self._note(name, time.process_time() - began)
            if name == self._profiled:
                self._profile.disable()
        if server_pid:
            self._note(f"{name}_in_postgres", _cpu_seconds(server_pid) - server_began)

    def print_profile(self) -> None:
        """Print the functions that the profiled stage spent most time in."""
        pstats.Stats(self._profile).sort_stats("tottime").print_stats(PROFILE_LINES)

    def _note(self, name: str, seconds: float) -> None:
        self.figures[f"{name}_us"] = round(seconds / self._events * 1e6, 1)


def _cpu_seconds(pid: int) -> float:
    """CPU time of another process, to within a hundredth of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND  # utime, stime: proc_pid_stat(5)
