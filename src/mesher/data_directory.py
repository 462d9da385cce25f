"""The data directory: made, and claimed, before anything in it is touched."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import structlog

from mesher.errors import SetupError

# Others may pass it and not look: PostgreSQL runs as another user if we are root. All that lies in
# it is made for its owner alone.
MODE = 0o711
# Processes of a Mesher that was killed finish their requests first; a little more than they take.
ENDING_SECONDS = 30.0
POLL_SECONDS = 0.05

log = structlog.get_logger(__name__)


def claim_data_dir(data_dir: Path, *, alone: bool) -> int:
    """
    Make the directory if need be, and lock it for as long as the returned descriptor is open.

    Child processes share the descriptor, so the claim outlives a Mesher that is killed until the
    last of its processes is gone: whoever comes next finds ports, journals and database free.

    Args:
        data_dir: the directory.
        alone: nobody else may use it, as with a database in it. Otherwise those share it who also
            claim it so: nodes of different roles on one machine.

    Returns:
        The file descriptor that holds the lock.

    Raises:
        SetupError: it cannot be written to, or is claimed by a Mesher that runs.
    """
    path = data_dir / "lock"
    try:
        data_dir.mkdir(mode=MODE, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SetupError(
            f"the data directory {data_dir} cannot be used: {error.strerror}",
            hint="let the user that runs Mesher write there, or choose another directory with "
            "--data-dir or MESHER_DATA_DIR",
        ) from error
    _lock(descriptor, data_dir, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _lock(descriptor: int, data_dir: Path, kind: int) -> None:
    deadline = time.monotonic() + ENDING_SECONDS
    told = False
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode().strip()
            if _is_running(holder):
                raise SetupError(
                    f"the data directory {data_dir} is in use by another Mesher (process {holder})",
                    hint=f"stop that one first (kill {holder}), "
                    "or give this one a directory of its own with --data-dir",
                ) from None
            if time.monotonic() > deadline:
                raise SetupError(
                    f"the data directory {data_dir} is still in use by processes of a Mesher that "
                    f"was killed (process {holder})",
                    hint=f"end those that `fuser {data_dir / 'lock'}` lists, then start again",
                ) from None
            if not told:
                log.info("previous_processes_ending", data_dir=str(data_dir))
                told = True
            time.sleep(POLL_SECONDS)
        else:
            return


def _is_running(process_id: str) -> bool:
    # A process that ended and was not waited for is still listed, without a command line.
    try:
        return Path("/proc", process_id, "cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False
