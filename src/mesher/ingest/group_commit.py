"""
Group commit: many requests wait for one flush to disk.

A flush costs about as much for fifty records as for one, so what arrives while one flush runs
forms the next group. One thread per shard; while it flushes (SQLite lets go of the interpreter
lock), the event loop collects.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import Empty, SimpleQueue

import structlog

from mesher import metrics
from mesher.ingest.journal import JournalFull
from mesher.ingest.journal_sqlite import SegmentAppender, shard_size_bytes

# A group is bounded so that the first of it does not wait for the last: some milliseconds of disk.
MAX_GROUP_RECORDS = 512
MAX_GROUP_BYTES = 16 * 1024**2
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
        # None ends the thread that takes it.
        self._waiting: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._closing = False
        # Nothing may be put behind the last None: no thread would take it.
        self._putting = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._size_bytes = 0
        self._size_checked = 0.0

    def start(self) -> None:
        """Start the appending threads; their answers arrive on the event loop that runs now."""
        loop = asyncio.get_running_loop()
        for appender in self._appenders:
            thread = threading.Thread(target=self._run, args=(appender, loop), name="journal")
            thread.start()
            self._threads.append(thread)

    async def append(self, record: bytes) -> None:
        """Return once ``record`` is durable; ``JournalFull`` when it is not kept."""
        if self.depth_bytes() > self._max_bytes:
            metrics.JOURNAL_REFUSALS.labels("limit").inc()
            raise JournalFull(f"the journal holds more than {self._max_bytes} bytes")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._putting:
            if self._closing:
                raise JournalFull("this process is stopping")
            self._waiting.put((record, done))
        await done

    def depth_bytes(self) -> int:
        """Bytes on disk in this process's shards, measured at most some milliseconds ago."""
        now = time.monotonic()
        if now - self._size_checked > SIZE_CHECK_SECONDS:
            self._size_checked = now
            self._size_bytes = sum(map(shard_size_bytes, self._shards))
        return self._size_bytes

    def close(self) -> None:
        """Flush what waits, then close the files. Blocks; nothing can be appended after it."""
        with self._putting:
            self._closing = True
            for _ in self._threads:
                self._waiting.put(None)
        for thread in self._threads:
            thread.join()
        for appender in self._appenders:
            appender.close()

    def _run(self, appender: SegmentAppender, loop: asyncio.AbstractEventLoop) -> None:
        while group := self._take_group():
            failure: JournalFull | None = None
            metrics.GROUP_RECORDS.observe(len(group))
            try:
                with metrics.FLUSH_SECONDS.time():
                    appender.append([record for record, _ in group])
            except (sqlite3.Error, OSError) as error:
                log.warning("journal_append_failed", records=len(group), reason=str(error))
                failure = JournalFull(f"the disk refuses: {error}")
                metrics.JOURNAL_REFUSALS.labels("disk").inc(len(group))
            loop.call_soon_threadsafe(_answer, group, failure)

    def _take_group(self) -> list[_Waiting]:
        """Wait for records and take what is there, within the limits; empty when closing."""
        group: list[_Waiting] = []
        size = 0
        waiting = self._waiting.get()
        with suppress(Empty):
            while waiting is not None:
                group.append(waiting)
                size += len(waiting[0])
                if len(group) >= MAX_GROUP_RECORDS or size >= MAX_GROUP_BYTES:
                    return group
                waiting = self._waiting.get_nowait()
            if group:
                self._waiting.put(None)  # the end of this thread, once the group is flushed
        return group


def _open_all(shards: Sequence[Path], *, limit_bytes: int) -> list[SegmentAppender]:
    """All of them or none: what is opened before one fails would hold its lock against a next try."""
    with ExitStack() as opened:
        appenders: list[SegmentAppender] = []
        for shard in shards:
            appenders.append(SegmentAppender(shard, limit_bytes=limit_bytes))
            opened.callback(appenders[-1].close)
        opened.pop_all()
    return appenders


def _answer(group: list[_Waiting], failure: JournalFull | None) -> None:
    for _, done in group:
        if done.done():  # the client went away and its request was cancelled
            continue
        if failure is None:
            done.set_result(None)
        else:
            done.set_exception(failure)
