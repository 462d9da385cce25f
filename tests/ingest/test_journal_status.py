"""What waits in the journal, as others see it who neither append nor digest."""

from __future__ import annotations

import uuid

import pytest

from mesher.ingest import journal_sqlite
from mesher.ingest.journal import Record, encode_record
from mesher.ingest.journal_sqlite import SegmentAppender, SegmentReader
from mesher.ingest.journal_status import read_journal_status
from mesher.ingest.marker import MARKER_NAME, Marker
from shards import append


def _record(received_at_us: int) -> bytes:
    return encode_record(
        Record(
            kind="store",
            project_id=uuid.UUID(int=1),
            received_at_us=received_at_us,
            event_ids=[uuid.uuid4().hex],
            content_encoding="",
            client="",
            client_ip="",
            context={},
            body=b"{}",
        )
    )


@pytest.fixture
def appender(tmp_path):
    appender = SegmentAppender(tmp_path / "003")
    yield appender
    appender.close()


def test_without_a_journal_there_are_no_shards(tmp_path):
    assert read_journal_status(tmp_path / "none") == []


def test_a_new_shard_is_empty(appender, tmp_path):
    [shard] = read_journal_status(tmp_path)

    assert shard.name == "003"
    assert (shard.first_position, shard.last_position, shard.waiting) == (0, 0, 0)
    assert shard.oldest_received_at_us is None
    assert shard.size_bytes > 0


def test_what_is_behind_the_position_of_the_database_waits(appender, tmp_path):
    append(appender, [_record(100), _record(200), _record(300)])
    positions = {journal_sqlite.read_identity(tmp_path / "003"): 1}

    [shard] = read_journal_status(tmp_path, positions)

    assert (shard.first_position, shard.last_position, shard.digested_position) == (1, 3, 1)
    assert shard.waiting == 2
    assert shard.oldest_received_at_us == 200


def test_without_the_database_the_note_of_the_digest_process_counts(appender, tmp_path):
    append(appender, [_record(100), _record(200)])
    marker = Marker(tmp_path / "003" / MARKER_NAME)
    marker.end(1)
    marker.close()

    [shard] = read_journal_status(tmp_path)

    assert (shard.waiting, shard.oldest_received_at_us) == (1, 200)


def test_a_record_that_cannot_be_read_waits_too_and_has_no_age(appender, tmp_path):
    append(appender, [b"\xc1 no record", _record(200)])

    [shard] = read_journal_status(tmp_path)

    assert (shard.waiting, shard.oldest_received_at_us) == (2, 200)


def test_several_segments_are_one_shard(appender, tmp_path, monkeypatch):
    monkeypatch.setattr(journal_sqlite, "SEGMENT_BYTES", 1)
    for moment in (100, 200, 300):
        append(appender, [_record(moment)])

    [shard] = read_journal_status(tmp_path, {journal_sqlite.read_identity(tmp_path / "003"): 2})

    assert (shard.first_position, shard.last_position, shard.waiting) == (1, 3, 1)
    assert shard.oldest_received_at_us == 300


def test_a_shard_that_nobody_has_open_is_read_without_changing_it(tmp_path):
    appender = SegmentAppender(tmp_path / "000")
    append(appender, [_record(100)])
    reader = SegmentReader(tmp_path / "000")
    appender.close()
    reader.close()
    before = {path.name: path.read_bytes() for path in (tmp_path / "000").glob("*.db")}

    assert read_journal_status(tmp_path)[0].waiting == 1

    after = {path.name: path.read_bytes() for path in (tmp_path / "000").glob("*.db")}
    assert after == before
