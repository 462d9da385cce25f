"""
Child processes that end with us, whatever ends us.

Linux sends a process the signal that it asked for when its parent dies, kill -9 included
(PR_SET_PDEATHSIG). ``setpriv`` of util-linux asks for it after it has changed user, since a change
of user clears the request. Three facts shape the command that ``tied_to_parent`` builds:

- The parent may die before the request is made, and then no signal comes. The shell between
  ``setpriv`` and the program compares its parent with the one that was meant, and gives up.
- The kernel means the parent *thread*: only a thread that lives as long as the process may start
  children. All of ours are started by the main thread.
- A child in our terminal's process group gets its Ctrl-C too, which would stop the database before
  those who still write to it; ``start`` therefore gives each child a session of its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mesher.errors import SetupError

# Runs "$@" if the parent is still the process whose id is $0.
_UNLESS_ORPHANED = 'test "$PPID" = "$0" && exec "$@"'


@dataclass(frozen=True, kw_only=True)
class Account:
    """Another user that a child of root runs as."""

    name: str
    uid: int
    gid: int
    capability: str = ""  # one that the child keeps, in setpriv's spelling; empty = none


def tied_to_parent(
    command: Sequence[str], *, on_parent_death: signal.Signals, account: Account | None = None
) -> list[str]:
    """
    The command line that runs ``command`` as a child of this process, and ends it with us.

    Args:
        command: program and arguments.
        on_parent_death: what the program gets when this process is gone.
        account: the user to become; ``None`` = stay who we are. Asks for root.

    Raises:
        SetupError: this machine has no ``setpriv``.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise SetupError(
            "the program setpriv is missing, with which Mesher makes its processes end together",
            hint="install util-linux (Debian: apt-get install util-linux; Alpine: apk add setpriv)",
        )
    options = [f"--pdeathsig={on_parent_death.name.removeprefix('SIG')}"]
    if account is not None:
        options += [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
        if account.capability:
            kept = f"-all,+{account.capability}"
            options += [f"--inh-caps={kept}", f"--ambient-caps={kept}"]
    return [setpriv, *options, "--", "sh", "-c", _UNLESS_ORPHANED, str(os.getpid()), *command]


def start(
    command: Sequence[str],
    *,
    environ: Mapping[str, str],
    cwd: str | None = None,
    stdin: int = subprocess.DEVNULL,
    stderr: int | None = None,
    keep_open: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """
    Start a long-running child in a session of its own; call it from the main thread alone.

    Args:
        command: what ``tied_to_parent`` returned.
        environ: all variables that the child sees.
        cwd, stdin, stderr: as in ``subprocess``; ``None`` = ours.
        keep_open: file descriptors that the child shares, beside the standard three.
    """
    return subprocess.Popen(  # noqa: S603 - an argument list that we built, no shell text
        command,
        env=dict(environ),
        cwd=cwd,
        stdin=stdin,
        stderr=stderr,
        start_new_session=True,
        pass_fds=tuple(keep_open),
    )


def end(process: subprocess.Popen[bytes], *, by: signal.Signals, grace_seconds: float) -> None:
    """Send a signal, wait, and kill what is still there after ``grace_seconds``."""
    process.send_signal(by)
    try:
        process.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
