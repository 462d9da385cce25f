"""
A new database cluster, made beside its place and moved there whole.

``initdb`` that is killed leaves half a cluster, and no marker tells it from a whole one. Here the
name ``data`` appears with everything in it, Mesher's role and database included.
"""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from mesher.errors import SetupError
from mesher.private_file import sync_folder, write_private_file
from mesher.processes import Account, tied_to_parent

# What PostgreSQL's programs see of our environment: nothing that would change what they do.
ENVIRON = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}
SUPERUSER = "postgres"
ROLE = "mesher"
DATABASE = "mesher"

# What PostgreSQL says, and what its reader can do about it.
_HINTS = {
    "No space left on device": "free some space, or choose another disk with --data-dir",
    "Disk quota exceeded": "free some space, or choose another disk with --data-dir",
    "Permission denied": "let the user that runs Mesher write there, or choose another --data-dir",
    "Read-only file system": "choose another folder with --data-dir",
    "user does not exist": "PostgreSQL asks for a user that is listed in /etc/passwd: run Mesher "
    "as one, or set MESHER_DATABASE_URL to a server of yours",
    "could not create shared memory": "let this machine or container use more shared memory "
    "(docker run --shm-size=256m)",
    "could not bind": "another program took the port in this moment: start Mesher again",
}


def create_cluster(
    folder: Path, binaries: Path, account: Account | None, *, role_password: str
) -> None:
    """
    Make ``folder/data`` with a superuser, the role ``mesher`` and its database.

    Text is UTF-8, ordered by code point with Unicode's upper and lower case: the same on every
    machine, and no operating system update can change the order under an index.

    Raises:
        SetupError: why PostgreSQL could not, and what to do.
    """
    draft = folder / "data.new"
    # Left by a run that was killed.
    shutil.rmtree(draft, ignore_errors=True)
    superuser_password = folder / "superuser-password"
    keep_password(superuser_password, account)
    initdb = [
        str(binaries / "initdb"),
        f"--pgdata={draft}",
        f"--username={SUPERUSER}",
        f"--pwfile={superuser_password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
        "--no-instructions",
    ]
    _run(initdb, account, where=folder)
    # Single-user mode reads one statement a line, and needs no server that others could reach.
    single = [str(binaries / "postgres"), "--single", "-D", str(draft)]
    statements = (
        f"CREATE ROLE {ROLE} LOGIN PASSWORD '{role_password}';\n"
        f"CREATE DATABASE {DATABASE} OWNER {ROLE};\n"
    )
    _run([*single, "-c", "exit_on_error=on", "postgres"], account, where=folder, stdin=statements)
    draft.rename(folder / "data")
    sync_folder(folder)


def keep_password(path: Path, account: Account | None) -> str:
    """The password in a file of mode 0600; a random one is made if there is none."""
    if not path.exists():
        write_private_file(path, secrets.token_urlsafe(32))
        if account is not None:
            shutil.chown(path, account.uid, account.gid)
    return path.read_text(encoding="utf-8")


def refused(where: Path, output: str) -> SetupError:
    """The error for what PostgreSQL printed before it gave up, with what to do about it."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL:" in line or "error:" in line]
    cause = (telling or lines or ["it gave no reason"])[-1]
    hints = [hint for needle, hint in _HINTS.items() if needle in output]
    hint = hints[0] if hints else "this is PostgreSQL's own message; -v shows all that it wrote"
    error = SetupError(f"the embedded PostgreSQL in {where} did not start: {cause}", hint=hint)
    error.add_note(output)
    return error


def _run(command: Sequence[str], account: Account | None, *, where: Path, stdin: str = "") -> None:
    done = subprocess.run(  # noqa: S603 - an argument list that we built, no shell text
        tied_to_parent(command, on_parent_death=signal.SIGTERM, account=account),
        env=ENVIRON,
        cwd="/",
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise refused(where, done.stdout + done.stderr)
