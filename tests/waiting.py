"""Waiting for other processes, for tests that start and kill them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

# Generous, since a laden machine is slow; what is waited for usually takes tenths of a second.
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.02


def wait_until(condition: Callable[[], object], *, explain: Callable[[], object] = str) -> None:
    """Return once the condition is true; fails with what ``explain`` gives if it never is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS} seconds: {explain()}"
        time.sleep(POLL_SECONDS)


def is_running(process_id: int) -> bool:
    """Whether a process is there and has not ended; one that nobody waited for has ended."""
    try:
        return Path("/proc", str(process_id), "cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False
