"""What can be done to a running Mesher."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

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


@contextlib.contextmanager
def slow_disk(mesher: MesherProcess, flush_seconds: float) -> Iterator[None]:
    """
    Every flush to disk by any process takes so much longer; other calls are as fast as ever.

    A tracer holds the calls back, since a slow block device needs what few kernels bring along.
    Skips the test where there is none, or where processes may not be traced.
    """
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("holding back flushes to disk needs strace")
    pids = [pid for child in children(mesher.pid) for pid in (child, *children(child))]
    flushes = "fsync,fdatasync"
    tracer = subprocess.Popen(
        [
            *(strace, "-f", "-qq", "-o", os.devnull, "-e", f"trace={flushes}"),
            *("-e", f"inject={flushes}:delay_enter={int(flush_seconds * 1e6)}"),
            *(f"--attach={pid}" for pid in pids),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )

    def attached() -> bool:
        if tracer.poll() is not None:
            assert tracer.stderr is not None
            pytest.skip(f"processes cannot be traced here: {tracer.stderr.read().strip()}")
        return all(_tracer_of(pid) == tracer.pid for pid in pids)

    try:
        wait_for("a tracer of all processes", attached)
        yield
    finally:
        tracer.terminate()  # it lets go of all
        tracer.communicate()


def _tracer_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.partition("TracerPid:")[2].split()[0])


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
