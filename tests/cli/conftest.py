"""The command ``mesher``, as it is typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from waiting import wait_until

MESHER = Path(sys.executable).parent / "mesher"


class Running:
    """A ``mesher`` that serves requests."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self._folder = folder

    @property
    def ready(self) -> dict[str, Any]:
        """What the ready file says."""
        return json.loads((self._folder / "ready.json").read_text())

    @property
    def output(self) -> str:
        """What it printed for people."""
        return (self._folder / "stdout").read_text()

    @property
    def log(self) -> str:
        """What it wrote to stderr."""
        return (self._folder / "stderr").read_text()

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

    def wait_until(self, condition: Callable[[], Any]) -> None:
        """Fails, with the log, if the condition does not come true."""
        wait_until(condition, explain=lambda: self.log)


def environment(variables: dict[str, str]) -> dict[str, str]:
    """Ours without settings of Mesher, and with these."""
    ours = {name: text for name, text in os.environ.items() if not name.startswith("MESHER_")}
    return ours | variables


@pytest.fixture
def run() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command to its end; variables are given as keywords."""

    def run_command(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [MESHER, *map(str, arguments)],
            env=environment(variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run_command


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts ``mesher up`` or ``serve``, waits until it is ready, and kills it after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: object, **variables: str) -> Running:
        ready_file = tmp_path / "ready.json"
        command = [MESHER, *map(str, arguments)]
        if "up" in arguments:
            ready_file.unlink(missing_ok=True)
            command += ["--ready-file", str(ready_file)]
        with (tmp_path / "stdout").open("wb") as output, (tmp_path / "stderr").open("wb") as log:
            started.append(
                subprocess.Popen(command, env=environment(variables), stdout=output, stderr=log)
            )
        running = Running(started[-1], tmp_path)

        def is_ready() -> bool:
            assert running.process.poll() is None, running.log
            return ready_file.exists() if "up" in arguments else "ready " in running.log

        running.wait_until(is_ready)
        return running

    yield begin
    for process in started:
        process.kill()
        process.wait()
