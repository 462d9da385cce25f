"""Children that end with their parent, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from mesher.errors import SetupError
from mesher.processes import end, start, tied_to_parent
from waiting import is_running, wait_until

PARENT = """
import os, signal, sys, time
from mesher.processes import start, tied_to_parent
command = tied_to_parent(["sleep", "600"], on_parent_death=signal.SIGTERM)
print(start(command, environ=os.environ).pid, flush=True)
time.sleep(600)
"""
# Tells that it is there, and does not mind being asked to go.
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


def test_a_child_ends_when_its_parent_is_killed():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        child = int(parent.stdout.readline())
        parent.kill()

    wait_until(lambda: not is_running(child))


def test_a_child_whose_parent_is_gone_already_never_begins():
    command = tied_to_parent(["echo", "begun"], on_parent_death=signal.SIGTERM)
    # As if we had died before the child could ask for its signal: it has another parent now.
    command[command.index(str(os.getpid()))] = "1"

    done = subprocess.run(command, capture_output=True, check=False)

    assert done.stdout == b""
    assert done.returncode != 0


def test_the_child_has_a_session_of_its_own_that_no_terminal_interrupts():
    command = tied_to_parent(["sleep", "600"], on_parent_death=signal.SIGTERM)
    process = start(command, environ=os.environ)

    assert os.getsid(process.pid) == process.pid

    process.kill()
    process.wait()


def test_a_child_is_asked_to_end_before_it_is_killed():
    process = start(["sleep", "600"], environ=os.environ)

    end(process, by=signal.SIGTERM, grace_seconds=30)

    assert process.returncode == -signal.SIGTERM


def test_a_child_that_does_not_end_in_time_is_killed():
    process = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE)
    with process:
        process.stdout.readline()

        end(process, by=signal.SIGTERM, grace_seconds=0.1)

        assert process.returncode == -signal.SIGKILL


def test_a_machine_without_setpriv_is_told_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(SetupError, match="setpriv") as refused:
        tied_to_parent(["true"], on_parent_death=signal.SIGTERM)

    assert "util-linux" in refused.value.hint
