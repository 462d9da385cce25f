"""A Mesher of its own for a benchmark, with all defaults, as ``mesher up`` starts it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

# Starts take seconds.
START_SECONDS = 60.0
POLL_SECONDS = 0.01


class Mesher(NamedTuple):
    """A Mesher that runs."""

    ready: dict[str, Any]  # its ready file: dsn, database_url, …
    pid: int  # of the supervisor
    start_seconds: float  # from its command until its first page was served


def ordinary_environ() -> dict[str, str]:
    """
    The environment for a server that is measured.

    Developers and containers set PYTHONDONTWRITEBYTECODE, with which each process compiles all that
    it imports anew.
    """
    return {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="mesher-benchmark-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def started_mesher(folder: Path) -> Iterator[Mesher]:
    """
    Run a Mesher whose data directory is in a folder, on a free port, and stop it.

    ``MESHER_*`` variables hold for it, so other settings can be measured too. Exits where it does
    not start.
    """
    ready_file, log_file = folder / "ready.json", folder / "log"
    ready_file.unlink(missing_ok=True)  # of an earlier start
    command = [str(Path(sys.executable).parent / "mesher"), "up", "--port", "0"]
    command += ["--data-dir", str(folder / "data"), "--ready-file", str(ready_file)]
    began = time.monotonic()
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, env=ordinary_environ(), stdout=log, stderr=log)
    try:
        while not ready_file.exists():
            if process.poll() is not None or time.monotonic() > began + START_SECONDS:
                sys.exit(f"Mesher did not start:\n{log_file.read_text('utf-8')}")
            time.sleep(POLL_SECONDS)
        ready = json.loads(ready_file.read_text("utf-8"))
        with urllib.request.urlopen(ready["url"]) as page:  # noqa: S310 - our own address
            page.read()
        yield Mesher(ready, process.pid, time.monotonic() - began)
    finally:
        process.terminate()
        process.wait()
