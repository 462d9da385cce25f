"""Who may use a data directory; the other Mesher is a real process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mesher.data_directory import claim_data_dir
from mesher.errors import SetupError

OTHER = """
import subprocess, sys
from pathlib import Path
from mesher.data_directory import claim_data_dir
claim = claim_data_dir(Path(sys.argv[1]), alone=sys.argv[2] == "alone")
# A child process that ends when its stdin does: after its parent, like requests that are finished.
subprocess.Popen(["cat"], pass_fds=[claim])
print("claimed", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Another Mesher with a child that holds the claim too; both end when their stdin does."""
    processes: list[subprocess.Popen[str]] = []

    def run(kind: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", OTHER, str(tmp_path), kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout.readline() == "claimed\n"
        return process

    yield run
    for process in processes:
        with process:
            process.kill()


@pytest.fixture
def claim(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Claims the directory for this process until the test ends."""
    descriptors: list[int] = []
    yield lambda **options: descriptors.append(claim_data_dir(tmp_path, **options))
    for descriptor in descriptors:
        os.close(descriptor)


def test_the_directory_is_made_and_nobody_else_looks_into_it(tmp_path):
    os.close(claim_data_dir(tmp_path / "new" / "data", alone=True))

    assert (tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o711


@pytest.mark.parametrize(
    ("first", "alone"), [("alone", True), ("alone", False), ("together", True)]
)
def test_a_directory_that_is_in_use_is_refused_with_the_process_that_uses_it(
    tmp_path, other, claim, first, alone
):
    process = other(first)

    with pytest.raises(SetupError) as refused:
        claim(alone=alone)

    assert refused.value.message == (
        f"the data directory {tmp_path} is in use by another Mesher (process {process.pid})"
    )
    assert f"kill {process.pid}" in refused.value.hint


def test_nodes_of_different_roles_share_a_directory(other, claim):
    other("together")

    claim(alone=False)


def test_a_claim_ends_with_its_process(other, claim):
    process = other("alone")
    process.stdin.close()
    process.wait()

    claim(alone=True)


def test_the_children_of_a_killed_mesher_are_waited_for(tmp_path, other, claim, monkeypatch):
    monkeypatch.setattr("mesher.data_directory.ENDING_SECONDS", 0.2)
    process = other("alone")
    process.kill()
    process.wait()

    with pytest.raises(SetupError, match=f"was killed .process {process.pid}."):
        claim(alone=True)  # the child holds the claim
    process.stdin.close()  # which ends the child
    monkeypatch.setattr("mesher.data_directory.ENDING_SECONDS", 30.0)
    claim(alone=True)


def test_a_killed_process_that_nobody_waited_for_does_not_count_as_running(
    other, claim, monkeypatch
):
    monkeypatch.setattr("mesher.data_directory.ENDING_SECONDS", 30.0)
    process = other("alone")
    process.kill()
    # Its end is awaited, but it stays in the process table until the fixture asks for its status.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    process.stdin.close()

    claim(alone=True)


def test_a_place_that_cannot_be_a_directory_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(SetupError, match=str(tmp_path / "file" / "data")) as refused:
        claim_data_dir(tmp_path / "file" / "data", alone=True)

    assert "MESHER_DATA_DIR" in refused.value.hint
