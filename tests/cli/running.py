"""A ``mesher`` that serves requests, started as it is typed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from waiting import wait_until

MESHER = Path(sys.executable).parent / "mesher"


class Running:
    """A ``mesher`` that serves requests."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self.folder = folder

    @property
    def ready(self) -> dict[str, Any]:
        """What the ready file says."""
        return json.loads((self.folder / "ready.json").read_text())

    @property
    def output(self) -> str:
        """What it printed for people."""
        return (self.folder / "stdout").read_text()

    @property
    def log(self) -> str:
        """What it wrote to stderr."""
        return (self.folder / "stderr").read_text()

    def child(self, name: str) -> int:
        """The process id of the child whose command line contains a text; 0 = none runs."""
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                command = (folder / "cmdline").read_text().replace("\0", " ")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(parent) == self.process.pid and name in command:
                return int(folder.name)
        return 0

    def stop(self) -> int:
        """End it as an operator does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        """End it with -9, if it still runs."""
        self.process.kill()
        self.process.wait()

    def wait_until(self, condition: Callable[[], Any]) -> None:
        """Fails, with the log, if the condition does not come true."""
        wait_until(condition, explain=lambda: self.log)


def environment(variables: dict[str, str]) -> dict[str, str]:
    """Ours without settings of Mesher, and with these."""
    ours = {name: text for name, text in os.environ.items() if not name.startswith("MESHER_")}
    return ours | variables


def start(folder: Path, *arguments: object, **variables: str) -> Running:
    """
    Start ``mesher up`` or ``serve`` and return once it is ready; whoever asks kills it.

    Args:
        folder: for what it prints and the ready file.
        arguments: of the command line.
        variables: settings of the environment.
    """
    ready_file = folder / "ready.json"
    command = [MESHER, *map(str, arguments)]
    if "up" in arguments:
        ready_file.unlink(missing_ok=True)
        command += ["--ready-file", str(ready_file)]
    with (folder / "stdout").open("wb") as output, (folder / "stderr").open("wb") as log:
        process = subprocess.Popen(command, env=environment(variables), stdout=output, stderr=log)
    running = Running(process, folder)

    def is_ready() -> bool:
        assert process.poll() is None, running.log
        return ready_file.exists() if "up" in arguments else "ready " in running.log

    try:
        running.wait_until(is_ready)
    except BaseException:
        running.kill()
        raise
    return running


def count_projects(running: Running) -> int:
    """Of the database that it uses."""
    with psycopg.connect(running.ready["database_url"]) as conn:
        return conn.execute("SELECT count(*) FROM projects").fetchone()[0]


@contextlib.contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder for a data directory, in memory where that can be had: starts are faster there."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of a random name is made in it
    root = memory if memory.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="mesher-", dir=root) as folder:
        yield Path(folder)
