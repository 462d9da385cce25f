"""What can be done to a running Mesher."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from acceptance.load import children, find_child
from acceptance.mesher_process import MesherProcess, wait_for

MEBIBYTE = 1024**2


@contextlib.contextmanager
def stopped(mesher: MesherProcess, kind: str) -> Iterator[None]:
    """Processes of a kind that neither answer nor end, as behind a broken network or a dying disk."""
    pid = wait_for(f"the {kind} process", lambda: find_child(mesher.pid, kind))
    # PostgreSQL answers with a process for each connection, below its first one.
    pids = [pid, *children(pid)]
    _signal(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(pids, signal.SIGCONT)


@contextlib.contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """Every byte of a folder's disk is taken, and given back at the end."""
    ballast = folder / "ballast"
    block = b"\0" * MEBIBYTE
    with ballast.open("wb", buffering=0) as file:
        while True:
            try:
                # A last write may be short; then smaller ones fit until none does.
                if file.write(block) < len(block):
                    block = block[: max(1, len(block) // 2)]
            except OSError:
                if len(block) == 1:
                    break
                block = block[: len(block) // 2]
    try:
        yield
    finally:
        ballast.unlink()


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
