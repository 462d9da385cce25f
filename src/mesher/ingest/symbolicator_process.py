"""The process that reads uploaded files (``mesher.symbolicator``), as seen by those who ask it."""

from __future__ import annotations

import io
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping

import msgspec
import structlog

from mesher.symbolication.messages import read_message, write_message
from mesher.symbolication.problems import FAILED, TOO_SLOW
from mesher.symbolication.queries import Answer, Query

# Without a question for this long, what it has read is not worth its memory.
IDLE_SECONDS = 60.0
# Its start takes a quarter of a second of one core, and a laden machine gives it little.
START_SECONDS = 15.0
# Where it cannot be started, as when the database has no connection left, events are stored meanwhile.
RETRY_SECONDS = 10.0
# For an answer that came too late for its event: what was read for it stays read for the next.
LATE_SECONDS = 30.0
_READ_BYTES = 256 * 1024

log = structlog.get_logger(__name__)
_decode = msgspec.msgpack.Decoder(Answer).decode


class SymbolicatorProcess:
    """Started with the first question, ended when it is idle or stuck, started anew when it is gone."""

    def __init__(self, database_url: str) -> None:
        self._environ = {"MESHER_DATABASE_URL": database_url}
        self._process: subprocess.Popen[bytes] | None = None
        self._asked_at = 0.0
        self._is_answering = False  # a question whose answer nobody waits for any more
        self._late_at = 0.0  # until when it may
        self._start_at = 0.0  # not before this

    def prepare(self) -> None:
        """Start the process, if it does not run, and wait until it can be asked."""
        now = self._asked_at = time.monotonic()
        if self._process is not None and self._process.poll() is None:
            return
        self.end()
        if now < self._start_at:
            return
        try:
            self._process = _start(self._environ)
            # Its first message is empty: it is ready.
            _read_until(self._process, now + START_SECONDS)
        except OSError as error:  # a TimeoutError too
            log.warning("symbolicator_not_started", reason=str(error))
            self._start_at = time.monotonic() + RETRY_SECONDS
            self.end()

    def ask(self, query: Query, *, deadline: float) -> Answer:
        """
        The answer to a query.

        Args:
            query: whose project the caller may read.
            deadline: of ``time.monotonic()``.

        Returns:
            An answer of which the problem is ``TOO_SLOW`` where it did not come in time, and
            ``FAILED`` where the process ended instead.
        """
        self.prepare()
        process = self._process
        try:
            if process is None or process.stdin is None:
                return Answer(problem=FAILED)
            if self._is_answering:
                _read_until(process, time.monotonic())  # the late one
                self._is_answering = False
            self._asked_at = time.monotonic()
            write_message(process.stdin, msgspec.msgpack.encode(query))
            return _decode(_read_until(process, deadline))
        except TimeoutError:
            self._give_up(query)
            return Answer(problem=TOO_SLOW)
        except OSError as error:
            log.warning("symbolicator_failed", query=_named(query), reason=str(error))
            self.end()
            return Answer(problem=FAILED)

    def _give_up(self, query: Query) -> None:
        """Leave it to its work, unless it has been at it for too long."""
        if not self._is_answering:
            log.warning("symbolication_too_slow", query=_named(query))
            self._is_answering = True
            self._late_at = time.monotonic() + LATE_SECONDS
        elif time.monotonic() > self._late_at:
            self.end()

    def end_if_idle(self) -> None:
        """End the process when nobody has asked it for some time."""
        if self._process and time.monotonic() - self._asked_at > IDLE_SECONDS:
            self.end()

    def end(self) -> None:
        """End the process, if it runs."""
        process, self._process = self._process, None
        self._is_answering = False
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _start(variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # It needs nothing that makes it end with us: its stdin ends when we do.
    return subprocess.Popen(
        [sys.executable, "-m", "mesher.symbolicator"],
        env={**os.environ, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )


def _read_until(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """
    The next message of the process.

    Raises:
        TimeoutError: it is not there at the deadline.
        BrokenPipeError: the process has ended.
    """
    assert process.stdout is not None  # noqa: S101 - a pipe
    descriptor = process.stdout.fileno()
    received = bytearray()
    while True:
        left = max(0.0, deadline - time.monotonic())
        if not select.select([descriptor], [], [], left)[0]:
            raise TimeoutError("no answer in time")
        part = os.read(descriptor, _READ_BYTES)
        if not part:
            raise BrokenPipeError(f"it ended with status {process.wait()}")
        received += part
        message = read_message(io.BytesIO(received))
        if message is not None:
            return message


def _named(query: Query) -> str:
    """What a log may tell of a query: ids, no paths of tenants."""
    return f"{type(query).__name__} {query.debug_id} of project {query.origin.project_id}"
