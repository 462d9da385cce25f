"""
Who PostgreSQL runs as: whoever runs Mesher, unless that is root, which PostgreSQL refuses.

Root's data directory may lie below a folder that is closed to others (``/root``), and so may the
virtual environment with PostgreSQL's programs. Opening those folders is not ours to do. Where the
other user cannot get through, the server keeps one capability of root's that lets it: to search and
read any folder, or where a container took that one away, to pass over file modes altogether. The
capability stays in the server process; the role that Mesher logs in as cannot read files with it.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

from mesher.errors import SetupError
from mesher.processes import Account, tied_to_parent

# The user that Debian's package makes, and one that every system has: initdb asks for a name.
NAMES = ("postgres", "nobody")
CAPABILITIES = ("", "dac_read_search", "dac_override")
# Can the programs be started, and the folder be entered and written to?
_PROBE = '"$0" --version && cd "$1" && test -w .'


def choose_account(folder: Path, binaries: Path) -> Account | None:
    """
    The user for PostgreSQL, who owns ``folder`` afterwards.

    Args:
        folder: what PostgreSQL keeps; it exists. One that belongs to a user already stays theirs.
        binaries: the folder of PostgreSQL's programs.

    Returns:
        ``None``: PostgreSQL runs as we do.

    Raises:
        SetupError: we are root, and no other user can be used.
    """
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid
    account = _account_of(owner) if owner else _first_existing_account()
    if not owner:
        _give_to(account, folder)
    return _with_access(account, folder, binaries)


def _account_of(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(name=f"user {uid}", uid=uid, gid=uid)
    return Account(name=entry.pw_name, uid=uid, gid=entry.pw_gid)


def _first_existing_account() -> Account:
    for name in NAMES:
        try:
            return _account_of(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    raise SetupError(
        "PostgreSQL refuses to run as root, and this system has neither of the users "
        + " and ".join(NAMES),
        hint="add one (useradd --system postgres), run Mesher as an ordinary user, "
        "or set MESHER_DATABASE_URL to a server of yours",
    )


def _give_to(account: Account, folder: Path) -> None:
    # All of it: it may be a copy that root restored from a backup.
    for parent, _, files in os.walk(folder):
        for path in (Path(parent), *(Path(parent, name) for name in files)):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _with_access(account: Account, folder: Path, binaries: Path) -> Account:
    for capability in CAPABILITIES:
        candidate = replace(account, capability=capability)
        command = tied_to_parent(
            ["sh", "-c", _PROBE, str(binaries / "postgres"), str(folder)],
            on_parent_death=signal.SIGTERM,
            account=candidate,
        )
        if subprocess.run(command, cwd="/", capture_output=True, check=False).returncode == 0:  # noqa: S603 - as above
            return candidate
    closed = next((path for path in _above(folder, binaries) if _is_closed(path)), folder)
    raise SetupError(
        f"PostgreSQL refuses to run as root, and the user {account.name} may not pass {closed}",
        hint="use a data directory (MESHER_DATA_DIR, --data-dir) and a virtual environment that "
        f"{account.name} can reach, or run Mesher as an ordinary user",
    )


def _above(*paths: Path) -> list[Path]:
    return [parent for path in paths for parent in reversed(path.resolve().parents)]


def _is_closed(folder: Path) -> bool:
    return not folder.stat().st_mode & 0o001
