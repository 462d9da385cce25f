"""The command ``mesher``, as it is typed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.running import MESHER, Running, environment, start


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
    """Starts Meshers as ``start`` does, and kills them after the test."""
    started: list[Running] = []

    def begin(*arguments: object, **variables: str) -> Running:
        started.append(start(tmp_path, *arguments, **variables))
        return started[-1]

    yield begin
    for running in started:
        running.kill()
