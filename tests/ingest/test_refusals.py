"""From receive's memory into the journal: each refusal once, whatever the journal says."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime

from mesher.ingest.journal import JournalFull, Record, decode_record
from mesher.ingest.refusals import Refusals, read_refusals
from mesher.storage.ledger import hour_of

PROJECT, OTHER_PROJECT = uuid.UUID(int=1), uuid.UUID(int=2)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Journal:
    """What was appended, and whether there is room."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.full = False

    async def append(self, record: bytes) -> None:
        if self.full:
            raise JournalFull("it is full")
        self.records.append(decode_record(record))

    def depth_bytes(self) -> int:
        return 0

    def counts(self) -> dict[tuple[uuid.UUID, datetime, str, str], int]:
        return {
            (record.project_id, hour_of(record.received_at_us), category, reason): quantity
            for record in self.records
            for category, reason, quantity in read_refusals(record)
        }


def nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9


def at_noon() -> int:
    return nanoseconds(NOON)


def test_a_flush_makes_one_record_for_each_project_however_much_was_refused():
    journal = Journal()
    refusals = Refusals(journal, clock=at_noon)
    for _ in range(1000):
        refusals.count(PROJECT, "error", "rate_limited")
    refusals.count(PROJECT, "session", "rate_limited")
    refusals.count(OTHER_PROJECT, "error", "sampled")

    asyncio.run(refusals.flush())
    asyncio.run(refusals.flush())

    assert len(journal.records) == 2
    assert journal.counts() == {
        (PROJECT, NOON, "error", "rate_limited"): 1000,
        (PROJECT, NOON, "session", "rate_limited"): 1,
        (OTHER_PROJECT, NOON, "error", "sampled"): 1,
    }


def test_while_the_journal_is_full_the_counts_wait_in_their_hour():
    journal = Journal()
    times = iter([NOON, NOON.replace(hour=13)])
    refusals = Refusals(journal, clock=lambda: nanoseconds(next(times)))
    journal.full = True
    refusals.count(PROJECT, "error", "over_quota")
    asyncio.run(refusals.flush())
    refusals.count(PROJECT, "error", "over_quota")
    asyncio.run(refusals.flush())
    journal.full = False
    asyncio.run(refusals.flush())

    assert journal.counts() == {
        (PROJECT, NOON, "error", "over_quota"): 1,
        (PROJECT, NOON.replace(hour=13), "error", "over_quota"): 1,
    }


def test_what_is_counted_before_the_end_is_flushed_at_the_end():
    journal = Journal()
    refusals = Refusals(journal, clock=at_noon)

    async def scenario() -> None:
        running = asyncio.create_task(refusals.run())
        await asyncio.sleep(0)
        refusals.count(PROJECT, "error", "invalid")
        refusals.close()
        await running

    asyncio.run(scenario())
    assert journal.counts() == {(PROJECT, NOON, "error", "invalid"): 1}
