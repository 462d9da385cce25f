"""
What receive refuses, on its way into the ledger.

A refused request leaves no record of its own: under a flood that would make refusing cost as much as
keeping. Refusals are counted in memory and each second the counts become journal records, one a
project and hour, which digest adds to the ledger exactly once like all it reads. A process that is
killed takes the refusals of its last second along, never an event.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec
import structlog

from mesher.ingest.journal import JournalFull, JournalWriter, Record, encode_record

FLUSH_SECONDS = 1.0
_HOUR_US = 3_600_000_000

# Category, reason and quantity.
Count = tuple[str, str, int]

log = structlog.get_logger(__name__)


class Refusals:
    """The counts of one web process; ``run`` moves them into its journal."""

    def __init__(self, journal: JournalWriter, *, clock: Callable[[], int] = time.time_ns) -> None:
        """
        Args:
            journal: takes the counts.
            clock: nanoseconds since the epoch.
        """
        self._journal = journal
        self._clock = clock
        # Bounded: known projects by a closed list of categories and reasons, emptied each second.
        self._counts: dict[tuple[uuid.UUID, int], Counter[tuple[str, str]]] = {}
        self._closing = asyncio.Event()

    def count(self, project_id: uuid.UUID, category: str, reason: str) -> None:
        """Count one item that was received now and is not kept."""
        hour = self._clock() // 1000 // _HOUR_US
        self._counts.setdefault((project_id, hour), Counter())[category, reason] += 1

    async def run(self) -> None:
        """Flush every second, and once more after ``close``; then return."""
        while not self._closing.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._closing.wait()
            await self.flush()

    def close(self) -> None:
        """Let ``run`` end."""
        self._closing.set()

    async def flush(self) -> None:
        """Move the counts into the journal; what it does not take stays for the next time."""
        for owner in list(self._counts):
            counts = self._counts.pop(owner)
            try:
                await self._journal.append(encode_record(_record(*owner, counts)))
            except JournalFull as error:
                self._counts.setdefault(owner, Counter()).update(counts)
                log.debug("refusals_not_journaled", reason=str(error))
                return


def read_refusals(record: Record) -> Iterator[Count]:
    """
    The counts that a record of refusals holds.

    Raises:
        msgspec.DecodeError: it is damaged.
    """
    return iter(msgspec.msgpack.decode(record.body, type=list[Count]))


def _record(project_id: uuid.UUID, hour: int, counts: Counter[tuple[str, str]]) -> Record:
    return Record(
        kind="refusals",
        project_id=project_id,
        received_at_us=hour * _HOUR_US,
        event_ids=[],
        content_encoding="",
        client="",
        client_ip="",
        context={},
        body=msgspec.msgpack.encode([(*name, quantity) for name, quantity in counts.items()]),
    )
