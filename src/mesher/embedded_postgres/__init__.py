"""
PostgreSQL as a child of Mesher, for whoever has none: started, watched and ended with us.

    <data_dir>/postgres/
      data/                  the cluster; its PG_VERSION decides which programs run it
      sockets/               the socket that it listens on, and nowhere else
      superuser-password     of the role postgres, for psql and pg_dump
      role-password          of the role mesher, which owns the database mesher

Enters: a data directory. Leaves: a database URL that answers. It is never left running: a
parent-death signal shuts it down when Mesher is killed, and what a kill -9 of either side leaves
is recovered at the next start, with every committed row.
"""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections import deque
from pathlib import Path

import structlog

from mesher.embedded_postgres.account import choose_account
from mesher.embedded_postgres.address import choose_address
from mesher.embedded_postgres.binaries import find_binaries
from mesher.embedded_postgres.cluster import (
    DATABASE,
    ENVIRON,
    ROLE,
    SUPERUSER,
    create_cluster,
    keep_password,
    refused,
)
from mesher.embedded_postgres.server_settings import server_options
from mesher.errors import SetupError
from mesher.processes import end, start, tied_to_parent

# Fast shutdown: sessions are ended, everything is flushed, the next start needs no recovery.
STOP_SIGNAL = signal.SIGINT
# A shutdown writes what is dirty: at most shared_buffers, a second or two on a slow disk.
STOP_SECONDS = 30.0
# A server that lost its parent is given this long to end: its shutdown, and a margin.
PREVIOUS_SECONDS = 60.0
# Replaying 1.5 GB of log took 18 seconds on two laden cores, so max_wal_size takes some fifty; a
# slow disk is given ten times that.
RECOVERY_SECONDS = 600.0
# Whoever watches a terminal is told why nothing happens, this often.
REPORT_SECONDS = 5.0
POLL_SECONDS = 0.01
# Processes of a killed server may still end; they hold its shared memory (sysv_shmem.c).
_STILL_ENDING = "is still in use"
_LOG_LINE = re.compile(r"(LOG|WARNING|ERROR|FATAL|PANIC):\s+(.*)")
# One of its processes died, of which PostgreSQL tells at the level of its chatter.
_CRASH = "terminated by signal"

log = structlog.get_logger(__name__)


class EmbeddedPostgres:
    """One cluster in ``data_dir`` and the server process that runs it."""

    def __init__(self, data_dir: Path) -> None:
        """
        Find out who runs it with which programs; make the cluster if there is none.

        Raises:
            SetupError: the folder cannot be written to, or PostgreSQL cannot run here.
        """
        self.folder = data_dir.resolve() / "postgres"
        self._sockets = self.folder / "sockets"
        try:
            self._prepare()
        except OSError as error:
            raise SetupError(
                f"the embedded PostgreSQL cannot use {self.folder}: {error.strerror}",
                hint="let the user that runs Mesher write there, or choose another --data-dir",
            ) from error
        self._address = choose_address(self._sockets)
        self._process: subprocess.Popen[bytes] | None = None
        self._said: deque[str] = deque(maxlen=50)

    def _prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sockets.mkdir(mode=0o700, exist_ok=True)
        self._data = self.folder / "data"
        self._pid_file = self._data / "postmaster.pid"
        self._binaries = find_binaries(self._data)
        self._account = choose_account(self.folder, self._binaries)
        self._password = keep_password(self.folder / "role-password", self._account)
        if not self._data.exists():
            log.info("postgres_created", folder=str(self.folder))
            create_cluster(self.folder, self._binaries, self._account, role_password=self._password)

    @property
    def database_url(self) -> str:
        """What Mesher connects to: the role that owns its database and nothing else."""
        return self._address.url(role=ROLE, password=self._password, database=DATABASE)

    @property
    def superuser_url(self) -> str:
        """For what the role ``mesher`` may not do: other databases, server-wide views."""
        password = (self.folder / "superuser-password").read_text(encoding="utf-8")
        return self._address.url(role=SUPERUSER, password=password, database="postgres")

    def start(self) -> subprocess.Popen[bytes]:
        """
        Start the server and return its process once it answers, after a recovery if it needs one.

        Raises:
            SetupError: it cannot start, or another server has the folder and does not end.
        """
        self._wait_for_previous()
        deadline = time.monotonic() + PREVIOUS_SECONDS
        while not self._answers(process := self.launch()):
            output = "\n".join(self._said)
            if _STILL_ENDING not in output or time.monotonic() > deadline:
                raise refused(self.folder, output)
            time.sleep(0.1)
        return process

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server process without waiting; how the supervisor restarts it."""
        command = [str(self._binaries / "postgres"), "-D", str(self._data)]
        command += server_options(self._address.server_settings())
        self._remove_stale_lock_files()
        self._said.clear()
        self._process = start(
            tied_to_parent(command, on_parent_death=STOP_SIGNAL, account=self._account),
            environ=ENVIRON,
            cwd="/",  # another user may not stand in our working directory
            stderr=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._forward_log, args=[self._process], daemon=True)
        self._reader.start()
        return self._process

    def stop(self) -> None:
        """Shut the server down; nothing happens if it does not run."""
        if self._process is not None and self._process.poll() is None:
            end(self._process, by=STOP_SIGNAL, grace_seconds=STOP_SECONDS)

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait until the server takes connections; False if it ended instead."""
        began = time.monotonic()
        report_due = began + REPORT_SECONDS
        while not self._is_ready(process.pid):
            if process.poll() is not None:
                self._reader.join()
                return False
            now = time.monotonic()
            if now > began + RECOVERY_SECONDS:
                self.stop()
                raise SetupError(
                    f"the embedded PostgreSQL did not answer within {RECOVERY_SECONDS:.0f} seconds",
                    hint=f"-v shows what it wrote; its data is in {self.folder} and untouched",
                )
            if now > report_due:
                log.info("postgres_recovering", waited_seconds=round(now - began))
                report_due = now + REPORT_SECONDS
            time.sleep(POLL_SECONDS)
        return True

    def _is_ready(self, pid: int) -> bool:
        # Line 8 of postmaster.pid is the server's own word on its state (miscadmin.h,
        # LOCK_FILE_LINE_PM_STATUS): pg_ctl waits for it too, and it needs no login.
        lines = _lines(self._pid_file)
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _remove_stale_lock_files(self) -> None:
        """
        Remove what a killed server left, where its number now belongs to another process.

        PostgreSQL would take that process, or a dead one that nobody waits for, for the server. A
        number that nobody has it sees through by itself. Backends that outlive a killed server are
        still noticed without the file: they hold the shared memory with this folder's key.
        """
        for path in (self._pid_file, *self._sockets.glob("*.lock")):
            pid = _lines(path)[0]
            if pid and Path("/proc", pid).exists() and not self._runs_here(pid):
                path.unlink(missing_ok=True)

    def _wait_for_previous(self) -> None:
        """A server whose Mesher was killed shuts down by itself; let it."""
        deadline = time.monotonic() + PREVIOUS_SECONDS
        while self._runs_here(pid := _lines(self._pid_file)[0]):
            if time.monotonic() > deadline:
                raise SetupError(
                    f"another PostgreSQL (process {pid}) uses {self._data}",
                    hint=f"stop what started it, or end it with: kill -INT {pid}",
                )
            time.sleep(POLL_SECONDS)

    def _runs_here(self, pid: str) -> bool:
        """Whether a process is a server of this folder: it stands in it."""
        try:
            return bool(pid) and self._data.samefile(f"/proc/{pid}/cwd")
        except (FileNotFoundError, PermissionError):  # gone, or someone else's
            return False

    def _forward_log(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None  # noqa: S101 - launch asked for a pipe
        with process.stderr as lines:
            for raw in lines:
                line = raw.decode(errors="replace").rstrip()
                self._said.append(line)
                found = _LOG_LINE.match(line)
                level, text = found.groups() if found else ("WARNING", line)
                if level == "LOG" and _CRASH not in text:
                    log.debug("postgres_log", line=text)
                else:
                    log.warning("postgres_log", line=text, postgres_level=level.lower())


def _lines(lock_file: Path) -> list[str]:
    """The lines of a lock file of PostgreSQL's, of which the first is a process number."""
    try:
        return lock_file.read_text(encoding="utf-8").splitlines() or [""]
    except FileNotFoundError:
        return [""]
