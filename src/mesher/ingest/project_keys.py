"""
The keys of all projects, in memory, so that receive asks the database for nothing.

They are read anew every second, and a few times a second while unknown keys are asked for. Nobody is
refused before they were read once more: the key may have been made a moment ago, by another process.
While PostgreSQL is down the last known ones stay in force; a copy in the data directory serves a
process that starts meanwhile.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog

from mesher import metrics
from mesher.errors import Forbidden, ProtocolError, Unavailable
from mesher.values.ingest_key import IngestKey

# A revoked key stops working, and a changed setting arrives, within this time.
REFRESH_SECONDS = 1.0
# A flood of unknown keys must not become a flood of queries: they wait as long for a common one.
UNKNOWN_KEY_REFRESH_SECONDS = 0.25
# All keys are read in milliseconds; a client with an unknown key waits as long for its answer.
LOAD_SECONDS = 2.0
# What a client is told to wait when no keys are known at all.
RETRY_AFTER_SECONDS = 10

log = structlog.get_logger(__name__)


class ProjectKeys:
    """Looks keys up; ``run`` keeps them fresh."""

    def __init__(
        self, load: Callable[[], Awaitable[Sequence[IngestKey]]], *, copy_path: Path
    ) -> None:
        """
        Args:
            load: reads all keys from the database; may raise whatever a driver raises.
            copy_path: where the last known keys are kept for a start without the database.
        """
        self._load = load
        self._copy_path = copy_path
        self._by_key: dict[str, IngestKey] | None = None
        self._loaded_at = -math.inf
        self._lock = asyncio.Lock()
        self._closing = asyncio.Event()
        self._failing = False
        self._loading: asyncio.Future[Sequence[IngestKey]] | None = None

    async def find(self, public_key: str, project_number: int | None) -> IngestKey:
        """
        The key's project.

        Args:
            public_key: the 32 characters of the DSN.
            project_number: from the request's path; ``None`` where the path names none.

        Raises:
            ProtocolError: the key is not 32 characters long.
            Forbidden: no such key, revoked, or of another project: the answers do not differ.
            Unavailable: no keys could be read since this process started.
        """
        if len(public_key) != 32:
            raise ProtocolError(
                f"the key has {len(public_key)} characters instead of 32",
                hint="copy the DSN from the project's settings",
            )
        key = self._by_key.get(public_key) if self._by_key else None
        if key is None:
            await self._refresh(since=time.monotonic())
            if self._by_key is None:
                raise Unavailable(
                    "the project keys cannot be read yet", retry_after_seconds=RETRY_AFTER_SECONDS
                )
            key = self._by_key.get(public_key)
        if key is None or (project_number is not None and key.project_number != project_number):
            raise Forbidden(
                "the key is unknown, revoked or of another project",
                hint="copy the DSN from the project's settings",
            )
        return key

    async def start(self) -> None:
        """Read the keys for the first time, from the copy where the database does not answer."""
        await self._refresh(since=time.monotonic())
        if self._by_key is None:
            with suppress(FileNotFoundError, msgspec.DecodeError):
                keys = msgspec.json.decode(self._copy_path.read_bytes(), type=list[IngestKey])
                self._by_key = {key.public_key: key for key in keys}

    async def run(self) -> None:
        """Keep the keys fresh until ``close``."""
        while not self._closing.is_set():
            await self._refresh(since=time.monotonic() - REFRESH_SECONDS / 2)
            with suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_SECONDS):
                    await self._closing.wait()

    def close(self) -> None:
        """Let ``run`` end, once it has read what it reads now."""
        self._closing.set()

    async def _refresh(self, *, since: float) -> None:
        """Read the keys, unless that was begun at or after ``since`` (seconds, ``time.monotonic``)."""
        async with self._lock:
            if self._loaded_at >= since:
                return
            await asyncio.sleep(self._loaded_at + UNKNOWN_KEY_REFRESH_SECONDS - time.monotonic())
            self._loaded_at = time.monotonic()
            try:
                keys = await self._loaded()
            except Exception as error:  # noqa: BLE001 - any driver error means: keep what is known
                metrics.DATABASE_ERRORS.labels("keys").inc()
                if not self._failing:
                    log.warning("project_keys_not_refreshed", reason=str(error))
                self._failing = True
                return
            self._failing = False
            by_key = {key.public_key: key for key in keys}
            if by_key != self._by_key:
                self._by_key = by_key
                await asyncio.to_thread(self._write_copy, list(keys))

    async def _loaded(self) -> Sequence[IngestKey]:
        """
        What the database says, within ``LOAD_SECONDS``.

        A query to a server that is stopped, or behind a broken network, does not end by itself, and
        the driver takes ten seconds to cancel it. It is left alone, and asked for its answer the
        next time.
        """
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._load())
        loading = self._loading
        await asyncio.wait([loading], timeout=LOAD_SECONDS)
        if not loading.done():
            raise TimeoutError(f"the database did not answer within {LOAD_SECONDS:.0f} seconds")
        self._loading = None
        return loading.result()

    def _write_copy(self, keys: list[IngestKey]) -> None:
        # The name carries the process: several may write at once, each a complete file.
        draft = self._copy_path.with_suffix(f".{os.getpid()}.new")
        try:
            draft.touch(mode=0o600)
            draft.write_bytes(msgspec.json.encode(keys))
            draft.rename(self._copy_path)
        except OSError as error:  # a full disk; what is in memory is in force all the same
            log.warning("project_keys_not_copied", reason=str(error))
