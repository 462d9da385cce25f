"""
Keeps Mesher's processes running: starts them, starts again what ends, and drains them in order.

    web:0 …      receive and pages          stopped first: what it accepted is in the journal
    digest:0 …   journal to PostgreSQL      then: the batch in hand is finished
    jobs         retention, partitions, …   then
    postgres     when it is embedded        last: the others write to it

The supervisor itself does nothing else and imports none of what the others run, so it stays small
and has little to die of. If it dies all the same, its children end with it (``processes``).
"""

from __future__ import annotations

import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from mesher.errors import SetupError
from mesher.metric_files import prepare_metrics
from mesher.processes import start, tied_to_parent
from mesher.settings import Settings, settings_to_environ

# The pause before a restart doubles from the first to the longest, and begins anew for a process
# that ran well in between.
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
RUNNING_WELL_SECONDS = 30.0
# All that our processes do on SIGTERM is bounded by seconds; what passes this hangs. Nothing is
# lost by killing it, since what was acknowledged is in the journal or committed.
GRACE_SECONDS = 15.0
# A slow machine imports the web framework for some seconds; a minute means that it will not come.
READY_WITHIN_SECONDS = 60.0
READY_POLL_SECONDS = 0.05
HEALTH_TIMEOUT_SECONDS = 5.0

ROLES = ("web", "digest", "jobs")

log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class Child:
    """One process to keep running."""

    name: str  # as in logs: web:0
    launch: Callable[[], subprocess.Popen[bytes]]  # starts it, without waiting for anything
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = GRACE_SECONDS
    process: subprocess.Popen[bytes] | None = None  # None = ended, or never started
    started_at: float = field(default_factory=time.monotonic)
    due_at: float = 0.0  # when to start it, if it does not run
    pause_seconds: float = FIRST_PAUSE_SECONDS  # before the next restart

    def start_if_due(self, now: float) -> None:
        """Start it, unless it runs or its pause is not over."""
        if self.process is not None or now < self.due_at:
            return
        try:
            self.process = self.launch()
            self.started_at = now
        except OSError as error:  # no memory or process left for now
            log.warning("process_not_started", child=self.name, reason=str(error))
            self._pause(now)

    def notice_end(self, now: float) -> None:
        """If it ended, say so and plan its restart."""
        if self.process is None or self.process.poll() is None:
            return
        ran_seconds = now - self.started_at
        if ran_seconds > RUNNING_WELL_SECONDS:
            self.pause_seconds = FIRST_PAUSE_SECONDS
        log.warning(
            "process_ended",
            child=self.name,
            exit_code=self.process.returncode,  # negative: the number of the signal that killed it
            ran_seconds=round(ran_seconds, 1),
            restart_in_seconds=self.pause_seconds,
        )
        self.process = None
        self._pause(now)

    def is_running(self) -> bool:
        """Whether the process is there; False from the moment that it ended."""
        return self.process is not None and self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self.process is not None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _pause(self, now: float) -> None:
        self.due_at = now + self.pause_seconds
        self.pause_seconds = min(self.pause_seconds * 2, LONGEST_PAUSE_SECONDS)


class Supervisor:
    """Runs children until SIGTERM or SIGINT. To be used by the main thread, once."""

    def __init__(
        self,
        stages: Sequence[Sequence[Child]],
        *,
        health: tuple[str, int] | None,
        on_ready: Callable[[], None],
    ) -> None:
        """
        Args:
            stages: the children, grouped in the order in which they are stopped.
            health: host and port of the web process to ask whether requests are served; ``None``
                without one: then all is ready once it is started.
            on_ready: called once, when requests are served.
        """
        self._stages = stages
        self._children = [child for stage in stages for child in stage]
        self._health = health
        self._on_ready = on_ready
        self._stop_requests = 0

    def run(self) -> bool:
        """
        Start everything, keep it running, and drain it on SIGTERM or SIGINT; a second one kills.

        Returns:
            Whether all of them ended by themselves when asked to.

        Raises:
            SetupError: requests were not served within a minute; everything is stopped again.
        """
        with self._wakeups() as wakeup:
            try:
                self._keep_running(wakeup)
            finally:
                ended = [self._stop(stage, wakeup) for stage in self._stages]
        return all(ended)

    def _keep_running(self, wakeup: socket.socket) -> None:
        ready = False
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not self._stop_requests:
            now = time.monotonic()
            for child in self._children:
                child.notice_end(now)
                child.start_if_due(now)
            if not ready:
                ready = self._check_ready(deadline)
            pauses = [child.due_at - now for child in self._children if child.process is None]
            _sleep(wakeup, min(pauses, default=None) if ready else READY_POLL_SECONDS)

    def _check_ready(self, deadline: float) -> bool:
        obstacle = _why_not_ready(*self._health) if self._health else ""
        if not obstacle:
            self._on_ready()
            return True
        if time.monotonic() > deadline:
            raise SetupError(
                f"Mesher did not serve requests within {READY_WITHIN_SECONDS:.0f} seconds: "
                f"{obstacle}",
                hint="the log above says what its processes met; MESHER_LOG_LEVEL=debug says more",
            )
        return False

    def _stop(self, stage: Sequence[Child], wakeup: socket.socket) -> bool:
        """Stop the children of a stage together; False if one had to be killed."""
        running = [child for child in stage if child.is_running()]
        for child in running:
            child.send(child.stop_signal)
        deadline = time.monotonic() + max((child.grace_seconds for child in running), default=0.0)
        while any(child.is_running() for child in running):
            left = deadline - time.monotonic()
            if left <= 0 or self._stop_requests > 1:
                break
            _sleep(wakeup, left)
        overdue = [child for child in running if child.is_running()]
        for child in overdue:
            log.warning("process_killed", child=child.name, after_seconds=child.grace_seconds)
            child.kill()
        return not overdue

    @contextmanager
    def _wakeups(self) -> Iterator[socket.socket]:
        """A socket that becomes readable when a child ends or somebody asks us to stop."""
        receive, send = socket.socketpair()
        receive.setblocking(False)
        send.setblocking(False)
        handlers = {
            signal.SIGCHLD: lambda *_: None,
            signal.SIGTERM: self._request_stop,
            signal.SIGINT: self._request_stop,
        }
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        signal.set_wakeup_fd(send.fileno(), warn_on_full_buffer=False)
        try:
            yield receive
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            receive.close()
            send.close()

    def _request_stop(self, *_: object) -> None:
        self._stop_requests += 1


def python_children(
    settings: Settings,
    roles: Sequence[str],
    *,
    keep_open: Sequence[int],
    begin: int = subprocess.DEVNULL,
) -> list[list[Child]]:
    """
    The children for some of ``ROLES``, in the order in which they are stopped.

    Args:
        settings: handed over as environment variables.
        roles: any of ``web``, ``digest``, ``jobs``.
        keep_open: file descriptors to share, as the claim on the data directory.
        begin: a pipe's read end; they begin their work when its write end is closed.
    """
    names = {
        "web": [f"web:{index}" for index in range(settings.web_processes)],
        "digest": [f"digest:{index}" for index in range(settings.digest_processes)],
        "jobs": ["jobs"],
    }
    prepare_metrics(settings.data_dir, (name for role in roles for name in names[role]))
    environ = settings_to_environ(settings, os.environ)

    def launcher(name: str) -> Callable[[], subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "mesher.child", name]
        tied = tied_to_parent(command, on_parent_death=signal.SIGTERM)
        return lambda: start(tied, environ=environ, stdin=begin, keep_open=keep_open)

    return [
        [Child(name=name, launch=launcher(name)) for name in names[role]]
        for role in ROLES
        if role in roles
    ]


def _why_not_ready(host: str, port: int) -> str:
    connection = http.client.HTTPConnection(host, port, timeout=HEALTH_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        text = answer.read(1000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"no answer on {host} port {port} ({error})"
    finally:
        connection.close()
    return "" if answer.status == 200 else f"/health/ready answers {answer.status}: {text}"


def _sleep(wakeup: socket.socket, seconds: float | None) -> None:
    """Until a signal comes, at most some seconds; ``None`` = no limit."""
    if select.select([wakeup], [], [], None if seconds is None else max(seconds, 0.0))[0]:
        wakeup.recv(4096)
