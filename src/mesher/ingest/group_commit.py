"""
Group commit: many requests wait for one flush to disk.

A flush costs about as much for fifty records as for one, so what arrives while one flush runs
forms the next group. The event loop writes a group, which is a copy to the kernel, and a thread for
each shard flushes it, which waits for the disk: between the two the interpreter lock changes hands
once, not for every record, and a slow disk holds up no other request.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

import structlog

from mesher import metrics
from mesher.ingest.journal import JournalFull
from mesher.ingest.journal_sqlite import (
    MAX_GROUP_RECORDS,
    SEGMENT_SECONDS,
    SegmentAppender,
    shard_size_bytes,
)

# The event loop does nothing else while it writes a group: some milliseconds at most.
MAX_GROUP_BYTES = 4 * 1024**2
# How old the measured size on disk may be; at 60 MB/s that is some 15 MB of inexactness.
SIZE_CHECK_SECONDS = 0.25

log = structlog.get_logger(__name__)

_Waiting = tuple[bytes, "asyncio.Future[None]"]


class GroupCommitJournal:
    """``journal.JournalWriter`` over the SQLite shards of one web process."""

    def __init__(self, shards: Sequence[Path], *, max_bytes: int) -> None:
        """
        Open the shards; ``start`` must be called on the running event loop before ``append``.

        Args:
            shards: the folders that this process alone appends to.
            max_bytes: no more is taken while the shards together are larger than this on disk.

        Raises:
            SetupError: another process appends to one of them.
        """
        self._shards = shards
        self._max_bytes = max_bytes
        self._appenders = _open_all(shards, limit_bytes=max_bytes)
        self._flushers: list[_Flusher] = []
        self._idle: deque[_Flusher] = deque()
        self._waiting: deque[_Waiting] = deque()
        self._write_is_due = False
        self._closing = False
        self._all_idle = asyncio.Event()
        self._size_bytes = 0
        self._size_checked = 0.0

    def start(self) -> None:
        """Start the flushing threads; their answers arrive on the event loop that runs now."""
        self._flushers = [
            _Flusher(appender, self._flushed, self._ready, self._long_idle)
            for appender in self._appenders
        ]
        self._idle.extend(self._flushers)

    async def append(self, record: bytes) -> None:
        """Return once ``record`` is durable; ``JournalFull`` when it is not kept."""
        if self._closing:
            raise JournalFull("this process is stopping")
        if self.depth_bytes() > self._max_bytes:
            metrics.JOURNAL_REFUSALS.labels("limit").inc()
            raise JournalFull(f"the journal holds more than {self._max_bytes} bytes")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append((record, done))
        if self._idle and not self._write_is_due:
            self._write_soon()
        await done

    def depth_bytes(self) -> int:
        """Bytes on disk in this process's shards, measured at most some milliseconds ago."""
        now = time.monotonic()
        if now - self._size_checked > SIZE_CHECK_SECONDS:
            self._size_checked = now
            self._size_bytes = sum(map(shard_size_bytes, self._shards))
        return self._size_bytes

    async def close(self) -> None:
        """Flush what waits, then close the files; nothing can be appended after it."""
        self._closing = True
        while self._waiting or len(self._idle) < len(self._flushers):
            self._all_idle.clear()
            await self._all_idle.wait()
        for flusher in self._flushers:
            flusher.stop()
        await asyncio.to_thread(self._close_files)

    def _close_files(self) -> None:
        for appender in self._appenders:
            appender.close()

    def _write_soon(self) -> None:
        """Write at the end of this turn of the loop, so that what is read in it comes along."""
        self._write_is_due = True
        asyncio.get_running_loop().call_soon(self._write_groups)

    def _write_groups(self) -> None:
        self._write_is_due = False
        while self._waiting and self._idle:
            flusher = self._idle.popleft()
            group = self._take_group()
            metrics.GROUP_RECORDS.observe(len(group))
            try:
                flusher.write(group)
            except (sqlite3.Error, OSError) as error:
                self._flushed(flusher, group, error)

    def _long_idle(self, flusher: _Flusher) -> None:
        """Let the thread of a shard that gets nothing look at its segment, with an empty group."""
        if flusher in self._idle and not self._closing:
            self._idle.remove(flusher)
            flusher.look_at_segment()

    def _take_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        size_bytes = 0
        while self._waiting and len(group) < MAX_GROUP_RECORDS and size_bytes < MAX_GROUP_BYTES:
            group.append(self._waiting.popleft())
            size_bytes += len(group[-1][0])
        return group

    def _flushed(
        self,
        flusher: _Flusher,
        group: list[_Waiting],
        error: Exception | None,
        *,
        is_ready: bool = True,
    ) -> None:
        """Answer a group, and write the next one if the shard can take it."""
        if error is not None:
            log.warning("journal_append_failed", records=len(group), reason=str(error))
            metrics.JOURNAL_REFUSALS.labels("disk").inc(len(group))
        for _, done in group:
            if done.done():  # the client went away and its request was cancelled
                continue
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(JournalFull(f"the disk refuses: {error}"))
        if is_ready:
            self._ready(flusher)

    def _ready(self, flusher: _Flusher) -> None:
        """A shard can take the next group."""
        self._idle.append(flusher)
        if self._waiting and not self._write_is_due:
            self._write_soon()
        elif len(self._idle) == len(self._flushers):
            self._all_idle.set()


class _Flusher:
    """One shard and the thread that flushes it; of ``write`` and the flush one runs at a time."""

    def __init__(
        self,
        appender: SegmentAppender,
        flushed: Callable[..., None],
        ready: Callable[[_Flusher], None],
        long_idle: Callable[[_Flusher], None],
    ) -> None:
        self._appender = appender
        self._flushed = flushed
        self._ready = ready
        self._long_idle = long_idle
        self._loop = asyncio.get_running_loop()
        self._groups: SimpleQueue[list[_Waiting] | None] = SimpleQueue()  # None ends the thread
        self._thread = threading.Thread(target=self._run, name="journal")
        self._thread.start()

    def write(self, group: list[_Waiting]) -> None:
        """Write a group and let the thread flush it; raises as ``SegmentAppender.write``."""
        self._appender.write([record for record, _ in group])
        self._groups.put(group)

    def look_at_segment(self) -> None:
        """Begin a new segment if that is due, though nothing is written."""
        self._groups.put([])

    def stop(self) -> None:
        """End the thread; no group may be under way."""
        self._groups.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (group := self._next_group()) is not None:
            failure: Exception | None = None
            try:
                if group:
                    with metrics.FLUSH_SECONDS.time():
                        self._appender.flush()
            except OSError as error:
                failure = error
            is_due = self._is_segment_due()
            is_ready = bool(group) and not is_due
            answer = partial(self._flushed, self, group, failure, is_ready=is_ready)
            self._loop.call_soon_threadsafe(answer)
            if not is_ready:
                # Who waited is answered: on a slow disk this takes a while.
                self._look_after_segments(is_due=is_due)
                self._loop.call_soon_threadsafe(self._ready, self)

    def _is_segment_due(self) -> bool:
        with suppress(OSError):  # which the next flush will meet too
            return self._appender.is_segment_due()
        return False

    def _look_after_segments(self, *, is_due: bool) -> None:
        try:
            self._appender.close_removed()
            if is_due:
                self._appender.begin_segment()
        except (OSError, sqlite3.Error) as error:  # the active one is used further
            log.warning("journal_segment_not_begun", reason=str(error))

    def _next_group(self) -> list[_Waiting] | None:
        while True:
            try:
                return self._groups.get(timeout=SEGMENT_SECONDS)
            except Empty:
                # The loop decides: it may be writing to the segment just now.
                self._loop.call_soon_threadsafe(self._long_idle, self)


def _open_all(shards: Sequence[Path], *, limit_bytes: int) -> list[SegmentAppender]:
    """All of them or none: what is opened before one fails would hold its lock against a next try."""
    with ExitStack() as opened:
        appenders: list[SegmentAppender] = []
        for shard in shards:
            appenders.append(SegmentAppender(shard, limit_bytes=limit_bytes))
            opened.callback(appenders[-1].close)
        opened.pop_all()
    return appenders
