"""Wakes the watchers of a process when something was committed, by whichever process."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import structlog

from mesher import metrics
from mesher.errors import RateLimited, Unavailable
from mesher.ids import UserId
from mesher.storage.connection import connection_string
from mesher.storage.new_live import CHANNEL, number_rows

# Each looks into the database for itself some times a second, over the connections that pages use too.
MAX_WATCHERS = 64
# Some windows of a browser and a program or two.
MAX_WATCHERS_OF_ONE = 16
# What is committed within this time is told together: ten looks a second are enough for eyes.
GATHER_SECONDS = 0.1
# A notification that gets lost costs no more than this.
POLL_SECONDS = 0.5
# While the database is away.
RETRY_SECONDS = 1.0
# A database that is up answers in milliseconds.
READY_SECONDS = 5.0
# Who is refused may try again when others have gone.
RETRY_AFTER_SECONDS = 30

log = structlog.get_logger(__name__)


class Watcher:
    """Somebody who watches."""

    def __init__(self) -> None:
        self._awake = asyncio.Event()
        self.is_over = False  # the process is about to end

    def wake(self) -> None:
        """Let it look again."""
        self._awake.set()

    async def wait(self, seconds: float) -> bool:
        """Wait until there is something to look at; ``False``: there was nothing for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._awake.wait()
        except TimeoutError:
            return False
        self._awake.clear()
        return True


class LiveHub:
    """The watchers of a process, and the one connection that listens for all of them."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._watchers: set[Watcher] = set()
        self._of: Counter[UserId] = Counter()
        self._listening: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._is_over = False

    def require_room(self, user_id: UserId) -> None:
        """
        Refuse a further watcher where there are as many as there may be.

        Raises:
            RateLimited: there are, of this person or of all.
            Unavailable: the process is about to end.
        """
        if self._is_over:
            raise Unavailable("Mesher is about to stop", retry_after_seconds=RETRY_AFTER_SECONDS)
        if len(self._watchers) >= MAX_WATCHERS or self._of[user_id] >= MAX_WATCHERS_OF_ONE:
            raise RateLimited(
                "too many live streams are open",
                retry_after_seconds=RETRY_AFTER_SECONDS,
                hint="close those that nobody looks at",
            )

    @contextmanager
    def watching(self, user_id: UserId) -> Iterator[Watcher]:
        """
        A watcher for as long as the context lasts.

        Raises:
            RateLimited, Unavailable: as ``require_room``.
        """
        self.require_room(user_id)
        watcher = Watcher()
        self._watchers.add(watcher)
        self._of[user_id] += 1
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            self._of[user_id] -= 1
            if not self._watchers and self._listening is not None:
                self._listening.cancel()
                self._listening = None
                self._ready = asyncio.Event()

    async def wait_until_ready(self) -> None:
        """
        Wait until what was committed before is numbered, and what comes will be heard of.

        Raises:
            Unavailable: the database cannot be reached.
        """
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._ready.wait()
        except TimeoutError as error:
            raise Unavailable(
                "the database cannot be reached", retry_after_seconds=RETRY_AFTER_SECONDS
            ) from error

    def stop(self) -> None:
        """Let all streams end, since the process is about to."""
        self._is_over = True
        for watcher in self._watchers:
            watcher.is_over = True
            watcher.wake()

    async def close(self) -> None:
        """Give the connection back."""
        self.stop()
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_while_connected()
            except psycopg.OperationalError as error:
                metrics.DATABASE_ERRORS.labels("pages").inc()
                log.warning("database_away", reason=str(error).strip())
                await asyncio.sleep(RETRY_SECONDS)

    async def _listen_while_connected(self) -> None:
        parameters = connection_string(self._database_url, application_name="mesher-live")
        async with await psycopg.AsyncConnection.connect(parameters, autocommit=True) as conn:
            await conn.execute(f"LISTEN {CHANNEL}")
            while True:
                await number_rows(conn)
                self._ready.set()
                for watcher in self._watchers:
                    watcher.wake()
                await asyncio.sleep(GATHER_SECONDS)
                async for _ in conn.notifies(timeout=POLL_SECONDS, stop_after=1):
                    pass
