"""The embedded journal: durable, ordered, numbered once, and small on disk once it is read."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from mesher.errors import SetupError
from mesher.ingest import group_commit, journal_sqlite
from mesher.ingest.group_commit import GroupCommitJournal
from mesher.ingest.journal import JournalFull
from mesher.ingest.journal_sqlite import (
    MAX_GROUP_RECORDS,
    SegmentAppender,
    SegmentReader,
    shard_size_bytes,
)
from shards import append, tend
from waiting import wait_until

PLENTY = 10**9


def read_all(shard: Path, after: int = 0) -> list[tuple[int, bytes]]:
    reader = SegmentReader(shard)
    found: list[tuple[int, bytes]] = []
    while entries := reader.read(found[-1][0] if found else after, 100, PLENTY):
        found += [(entry.position, entry.record) for entry in entries]
    reader.close()
    return found


@contextlib.contextmanager
def failing_flush() -> Iterator[None]:
    """The disk refuses to flush files that were flushed before, as a dying one does."""

    def refuse(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fdatasync", refuse)
        yield


def test_what_is_appended_is_read_in_order_from_position_one(tmp_path):
    appender = SegmentAppender(tmp_path / "000")
    append(appender, [b"first", b"second"])
    append(appender, [b"third"])

    assert read_all(tmp_path / "000") == [(1, b"first"), (2, b"second"), (3, b"third")]
    appender.close()


def test_reading_goes_on_behind_the_given_position(tmp_path):
    appender = SegmentAppender(tmp_path / "000")
    append(appender, [b"a", b"b", b"c"])

    assert read_all(tmp_path / "000", after=2) == [(3, b"c")]
    appender.close()


def test_a_read_is_bounded_in_bytes_but_always_gives_the_first_record(tmp_path):
    appender = SegmentAppender(tmp_path / "000")
    append(appender, [b"x" * 100, b"y" * 100])
    reader = SegmentReader(tmp_path / "000")

    assert [entry.position for entry in reader.read(0, 10, 10)] == [1]
    assert [entry.position for entry in reader.read(0, 10, 200)] == [1, 2]
    reader.close()
    appender.close()


def test_a_reopened_shard_keeps_its_identity_and_gives_out_no_position_that_was_seen_before(
    tmp_path,
):
    appender = SegmentAppender(tmp_path / "000")
    append(appender, [b"before"])
    identity = SegmentReader(tmp_path / "000").shard_id
    appender.close()

    appender = SegmentAppender(tmp_path / "000")
    append(appender, [b"after"])

    assert read_all(tmp_path / "000") == [(1, b"before"), (2 + MAX_GROUP_RECORDS, b"after")]
    assert SegmentReader(tmp_path / "000").shard_id == identity
    appender.close()


def test_a_full_segment_is_followed_by_another_and_removed_once_it_is_acknowledged(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(journal_sqlite, "SEGMENT_BYTES", 1)
    shard = tmp_path / "000"
    appender = SegmentAppender(shard)
    for _ in range(5):
        append(appender, [b"x" * 600])
    reader = SegmentReader(shard)
    assert len(list(shard.glob("*.db"))) == 6

    reader.read(0, 10, PLENTY)
    reader.acknowledge(4)

    assert sorted(path.name for path in shard.glob("*.db")) == [
        "00000000000000000005.db",
        "00000000000000000006.db",
    ]
    assert [entry.position for entry in reader.read(4, 10, PLENTY)] == [5]
    reader.close()
    appender.close()


def test_an_acknowledged_active_segment_stays_so_that_no_position_is_used_twice(tmp_path):
    appender = SegmentAppender(tmp_path / "000")
    append(appender, [b"one"])
    reader = SegmentReader(tmp_path / "000")
    reader.acknowledge(1)
    appender.close()

    appender = SegmentAppender(tmp_path / "000")
    append(appender, [b"two"])

    assert [entry.record for entry in reader.read(1, 10, PLENTY)] == [b"two"]
    reader.close()
    appender.close()


def test_an_old_segment_is_followed_by_another_also_when_nothing_more_comes(tmp_path, monkeypatch):
    shard = tmp_path / "000"
    appender = SegmentAppender(shard)
    append(appender, [b"a secret"])
    tend(appender)
    assert len(list(shard.glob("*.db"))) == 1  # it is young

    monkeypatch.setattr(journal_sqlite, "SEGMENT_SECONDS", 0)
    tend(appender)
    tend(appender)  # an empty one is not old
    SegmentReader(shard).acknowledge(1)
    tend(appender)

    assert [path.name for path in shard.glob("*.db")] == ["00000000000000000002.db"]
    assert not any(b"a secret" in path.read_bytes() for path in shard.iterdir())
    append(appender, [b"two"])
    assert read_all(shard, after=1) == [(2, b"two")]
    appender.close()


def test_an_old_segment_from_before_a_restart_is_removed_though_positions_have_a_gap(
    tmp_path, monkeypatch
):
    shard = tmp_path / "000"
    appender = SegmentAppender(shard)
    append(appender, [b"a secret", b"another"])
    appender.close()
    appender = SegmentAppender(shard)
    monkeypatch.setattr(journal_sqlite, "SEGMENT_SECONDS", 0)
    tend(appender)
    reader = SegmentReader(shard)

    reader.acknowledge(1)
    assert len(list(shard.glob("*.db"))) == 2  # one record is not digested yet
    reader.acknowledge(2)

    assert len(list(shard.glob("*.db"))) == 1
    reader.close()
    appender.close()


def test_a_journal_that_gets_nothing_more_begins_a_segment_by_itself(tmp_path, monkeypatch):
    for module in (journal_sqlite, group_commit):
        monkeypatch.setattr(module, "SEGMENT_SECONDS", 0.01)

    async def run() -> None:
        journal = GroupCommitJournal([tmp_path / "000"], max_bytes=PLENTY)
        journal.start()
        await journal.append(b"one")
        await asyncio.to_thread(wait_until, lambda: len(list((tmp_path / "000").glob("*.db"))) == 2)
        await journal.append(b"two")
        await journal.close()

    asyncio.run(asyncio.wait_for(run(), 30))
    assert [record for _, record in read_all(tmp_path / "000")] == [b"one", b"two"]


def test_no_further_segment_is_begun_for_its_age_while_digest_is_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_sqlite, "SEGMENT_SECONDS", 0)
    shard = tmp_path / "000"
    appender = SegmentAppender(shard)
    for number in range(5):
        append(appender, [b"%d" % number])

    assert len(list(shard.glob("*.db"))) == 2
    assert [record for _, record in read_all(shard)] == [b"0", b"1", b"2", b"3", b"4"]
    appender.close()


def test_a_partly_read_segment_is_not_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_sqlite, "SEGMENT_BYTES", 1000)
    appender = SegmentAppender(tmp_path / "000")
    append(appender, [b"x" * 600, b"x" * 600])
    append(appender, [b"next segment"])
    reader = SegmentReader(tmp_path / "000")

    reader.acknowledge(1)

    assert [entry.position for entry in reader.read(1, 10, PLENTY)] == [2]
    reader.close()
    appender.close()


def test_a_segment_is_full_by_what_it_takes_on_disk(tmp_path, monkeypatch):
    """
    A flush of one small record writes a page of 16 KiB. Counted by their records, segments of 64 MB
    grew to gigabytes on a quiet server, and the active one is never removed.
    """
    monkeypatch.setattr(journal_sqlite, "SEGMENT_BYTES", 1_000_000)
    appender = SegmentAppender(tmp_path / "000")
    for _ in range(200):
        append(appender, [b"small"])

    assert max(path.stat().st_size for path in (tmp_path / "000").iterdir()) < 1_100_000
    assert [position for position, _ in read_all(tmp_path / "000")] == list(range(1, 201))
    appender.close()


def test_a_second_appender_of_one_shard_is_refused(tmp_path):
    appender = SegmentAppender(tmp_path / "000")

    with pytest.raises(SetupError, match="another process appends"):
        SegmentAppender(tmp_path / "000")
    appender.close()


def test_a_refused_group_leaves_nothing_behind_and_the_next_one_is_kept(tmp_path):
    appender = SegmentAppender(tmp_path / "000")
    with pytest.raises(sqlite3.Error):
        append(appender, [b"good", object()])  # type: ignore[list-item]
    append(appender, [b"kept"])

    assert read_all(tmp_path / "000") == [(1, b"kept")]
    appender.close()


def test_positions_that_a_power_cut_took_away_are_not_given_out_again(tmp_path):
    """
    A reader may have seen them, and PostgreSQL holds its position: records under the same numbers
    would never be digested.
    """
    shard, survived = tmp_path / "000", tmp_path / "survived"
    appender = SegmentAppender(shard)
    append(appender, [b"durable"])
    shutil.copytree(shard, survived)
    appender.write([b"%d" % number for number in range(MAX_GROUP_RECORDS)])
    last_seen = read_all(shard)[-1][0]
    appender.close()

    appender = SegmentAppender(survived)
    append(appender, [b"after"])

    assert [record for _, record in read_all(survived, after=last_seen)] == [b"after"]
    appender.close()


def test_after_a_flush_that_failed_nothing_is_taken_until_there_is_a_new_segment(tmp_path):
    shard = tmp_path / "000"
    appender = SegmentAppender(shard)
    append(appender, [b"kept"])
    appender.write([b"lost"])
    with failing_flush(), pytest.raises(OSError, match="Input/output error"):
        appender.flush()
    with pytest.raises(OSError, match="last flush failed"):
        appender.write([b"refused"])

    tend(appender)
    append(appender, [b"taken"])

    assert len(list(shard.glob("*.db"))) == 2
    assert read_all(shard)[-1][1] == b"taken"
    appender.close()


def test_whoever_waits_for_a_flush_that_fails_is_told_and_the_next_one_is_kept(tmp_path):
    async def scenario() -> None:
        journal = GroupCommitJournal([tmp_path / "000"], max_bytes=PLENTY)
        journal.start()
        await journal.append(b"before")
        with failing_flush(), pytest.raises(JournalFull, match="the disk refuses"):
            await journal.append(b"lost")
        await journal.append(b"after")
        await journal.close()

    asyncio.run(scenario())

    assert read_all(tmp_path / "000")[-1][1] == b"after"


def test_every_record_that_was_told_durable_survives_kill_minus_nine(tmp_path):
    program = textwrap.dedent(
        """
        import asyncio, sys
        from pathlib import Path
        from mesher.ingest.group_commit import GroupCommitJournal

        async def client(journal, number):
            for turn in range(100_000):
                record = b"%d/%d" % (number, turn)
                await journal.append(record)
                sys.stdout.buffer.write(record + b"\\n")
                sys.stdout.buffer.flush()

        async def main():
            journal = GroupCommitJournal([Path(sys.argv[1])], max_bytes=10**9)
            journal.start()
            await asyncio.gather(*(client(journal, number) for number in range(20)))

        asyncio.run(main())
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "000")], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(500)]
    os.kill(process.pid, signal.SIGKILL)
    told += process.stdout.read().splitlines(keepends=True)
    process.wait()
    process.stdout.close()

    kept = [record for _, record in read_all(tmp_path / "000")]
    complete = {line.rstrip(b"\n") for line in told if line.endswith(b"\n")}
    assert complete <= set(kept)
    assert len(kept) == len(set(kept))


def test_records_appended_together_are_kept_together(tmp_path):
    async def scenario() -> None:
        journal = GroupCommitJournal([tmp_path / "000", tmp_path / "001"], max_bytes=PLENTY)
        journal.start()
        await asyncio.gather(*(journal.append(b"%d" % number) for number in range(300)))
        await journal.close()

    asyncio.run(scenario())

    kept = [record for shard in ("000", "001") for _, record in read_all(tmp_path / shard)]
    assert sorted(kept, key=int) == [b"%d" % number for number in range(300)]


def test_a_journal_over_its_limit_refuses_and_takes_again_when_it_is_drained(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_sqlite, "SEGMENT_BYTES", 100_000)
    monkeypatch.setattr("mesher.ingest.group_commit.SIZE_CHECK_SECONDS", 0.0)
    shard = tmp_path / "000"

    async def fill(journal: GroupCommitJournal) -> int:
        for count in range(1000):
            try:
                await journal.append(b"x" * 50_000)
            except JournalFull:
                return count
        raise AssertionError("the limit was never reached")

    async def scenario() -> tuple[int, int]:
        journal = GroupCommitJournal([shard], max_bytes=1_000_000)
        journal.start()
        taken = await fill(journal)
        SegmentReader(shard).acknowledge(taken)
        again = await fill(journal)
        await journal.close()
        return taken, again

    taken, again = asyncio.run(scenario())
    assert 5 < taken < 25
    assert again > 5
    assert shard_size_bytes(shard) < 1_500_000


def test_segments_are_small_enough_for_the_limit_to_be_left_again(tmp_path, monkeypatch):
    """With segments as large as the limit, a journal that was full once took nothing for ever."""
    monkeypatch.setattr("mesher.ingest.group_commit.SIZE_CHECK_SECONDS", 0.0)
    shard = tmp_path / "000"

    async def scenario() -> None:
        journal = GroupCommitJournal([shard], max_bytes=1_000_000)
        journal.start()
        taken = 0
        with contextlib.suppress(JournalFull):
            while taken < 1000:
                await journal.append(b"x" * 1000)
                taken += 1
        assert taken < 1000
        SegmentReader(shard).acknowledge(taken)
        await journal.append(b"again")
        await journal.close()

    asyncio.run(scenario())


def test_a_journal_that_could_not_open_all_its_shards_holds_none_of_them(tmp_path):
    other = SegmentAppender(tmp_path / "001", limit_bytes=PLENTY)
    with pytest.raises(SetupError, match="another process appends"):
        GroupCommitJournal([tmp_path / "000", tmp_path / "001"], max_bytes=PLENTY)
    other.close()

    journal = GroupCommitJournal([tmp_path / "000", tmp_path / "001"], max_bytes=PLENTY)
    asyncio.run(journal.close())


def test_a_closed_journal_takes_nothing_more(tmp_path):
    async def scenario() -> None:
        journal = GroupCommitJournal([tmp_path / "000"], max_bytes=PLENTY)
        journal.start()
        await journal.close()
        with pytest.raises(JournalFull, match="stopping"):
            await journal.append(b"late")

    asyncio.run(scenario())
