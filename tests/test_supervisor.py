"""The supervisor, a process of its own with real children."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mesher.supervisor import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    RUNNING_WELL_SECONDS,
    Child,
)
from waiting import is_running, wait_until

# Runs stages of children, each of which writes down what happens to it.
SUPERVISOR = """
import json, os, signal, sys
from mesher.processes import start, tied_to_parent
from mesher.supervisor import Child, Supervisor

CHILD = '''
import os, signal, sys
name, journal = sys.argv[1:]

def write(what):
    descriptor = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{name} {what}\\\\n".encode())

def leave(*_):
    write("asked to end")
    if not name.startswith("stubborn"):
        sys.exit(0)

signal.signal(signal.SIGTERM, leave)
write(f"runs as {os.getpid()}")
while True:
    signal.pause()
'''

journal, stages = sys.argv[1], json.loads(sys.argv[2])

def child(name):
    command = tied_to_parent(
        [sys.executable, "-c", CHILD, name, journal], on_parent_death=signal.SIGTERM
    )
    return Child(name=name, launch=lambda: start(command, environ=os.environ), grace_seconds=GRACE)

supervisor = Supervisor(
    [[child(name) for name in stage] for stage in stages],
    health=None,
    on_ready=lambda: print("ready", flush=True),
)
sys.exit(0 if supervisor.run() else 1)
"""


class Running:
    """A supervisor and what its children wrote down."""

    def __init__(self, folder: Path, stages: list[list[str]], grace_seconds: float) -> None:
        self._journal = folder / "journal"
        self._names = [name for stage in stages for name in stage]
        script = SUPERVISOR.replace("GRACE", str(grace_seconds))
        command = [sys.executable, "-c", script, str(self._journal), json.dumps(stages)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        self.wait_until(lambda: len(self.lines("runs as")) == len(self._names))

    def lines(self, *parts: str) -> list[str]:
        """What was written down so far and contains all of ``parts``."""
        text = self._journal.read_text() if self._journal.exists() else ""
        return [line for line in text.splitlines() if all(part in line for part in parts)]

    def process_ids(self, name: str) -> list[int]:
        """Of all the processes that ran under a name, in order."""
        return [int(line.split()[-1]) for line in self.lines(f"{name} runs as")]

    def wait_until(self, condition: Callable[[], bool]) -> None:
        wait_until(condition, explain=self.lines)


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts a supervisor over named children; it is killed when the test ends."""
    started: list[Running] = []

    def run(*stages: list[str], grace_seconds: float = 30) -> Running:
        started.append(Running(tmp_path, list(stages), grace_seconds))
        return started[-1]

    yield run
    for running in started:
        with running.process:
            running.process.kill()


def test_a_killed_child_is_started_again(supervise):
    running = supervise(["web", "digest"])
    [first] = running.process_ids("web")

    os.kill(first, signal.SIGKILL)

    running.wait_until(lambda: len(running.process_ids("web")) == 2)
    assert is_running(running.process_ids("web")[1])
    assert len(running.process_ids("digest")) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_ends_its_children_stage_by_stage(supervise, number):
    running = supervise(["web:0", "web:1"], ["digest"], ["jobs"])

    running.process.send_signal(number)

    assert running.process.wait(30) == 0
    asked = [line.split()[0] for line in running.lines("asked to end")]
    assert sorted(asked[:2]) == ["web:0", "web:1"]
    assert asked[2:] == ["digest", "jobs"]
    assert not any(is_running(running.process_ids(name)[0]) for name in asked)


def test_a_child_that_does_not_end_is_killed_and_the_exit_code_tells(supervise):
    running = supervise(["stubborn"], ["digest"], grace_seconds=0.2)

    running.process.send_signal(signal.SIGTERM)

    assert running.process.wait(30) == 1
    assert running.lines("digest", "asked to end")
    assert not is_running(running.process_ids("stubborn")[0])


def test_asked_twice_it_does_not_wait(supervise):
    running = supervise(["stubborn"], grace_seconds=600)

    running.process.send_signal(signal.SIGINT)
    running.wait_until(lambda: bool(running.lines("asked to end")))
    running.process.send_signal(signal.SIGINT)

    assert running.process.wait(30) == 1


def test_its_children_end_when_it_is_killed(supervise):
    running = supervise(["web"], ["digest"])

    running.process.kill()

    for name in ("web", "digest"):
        [process_id] = running.process_ids(name)
        running.wait_until(lambda process_id=process_id: not is_running(process_id))


def test_a_child_that_keeps_ending_is_started_at_growing_intervals():
    child = Child(name="web", launch=lambda: subprocess.Popen(["true"]))
    now, pauses = 0.0, []
    for _ in range(8):
        child.start_if_due(now)
        child.process.wait()
        child.notice_end(now)
        child.start_if_due(child.due_at - 0.01)
        assert child.process is None, "it was started before its time"
        pauses.append(child.due_at - now)
        now = child.due_at

    assert pauses[0] == pytest.approx(FIRST_PAUSE_SECONDS)
    assert pauses[1] == pytest.approx(2 * FIRST_PAUSE_SECONDS)
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE_SECONDS)


def test_a_child_that_ran_well_is_started_again_at_once():
    child = Child(
        name="web",
        launch=lambda: subprocess.Popen(["true"]),
        pause_seconds=LONGEST_PAUSE_SECONDS,
    )
    child.start_if_due(0.0)
    child.process.wait()
    ended = RUNNING_WELL_SECONDS + 1

    child.notice_end(ended)

    assert child.due_at - ended == pytest.approx(FIRST_PAUSE_SECONDS)


def test_a_child_that_cannot_be_started_now_is_tried_again():
    def launch():
        raise BlockingIOError("no more processes")

    child = Child(name="web", launch=launch)

    child.start_if_due(0.0)

    assert child.process is None
    assert child.due_at == pytest.approx(FIRST_PAUSE_SECONDS)
