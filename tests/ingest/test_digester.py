"""From the journal to the database: every record once, whatever fails in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from mesher.ingest.digester import MAX_ATTEMPTS
from mesher.ingest.marker import Marker
from mesher.storage.connection import connect
from mesher.storage.ingest_batch import PositionMoved
from mesher.storage.partitions import drop_partition
from shards import Shard, append, refuse_message


@pytest.fixture
def shard(tmp_path, database_url):
    with connect(database_url, application_name="test") as conn:
        shard = Shard(tmp_path / "000", conn)
        yield shard
        shard.close()


def test_what_is_in_the_journal_is_stored_in_one_batch(shard):
    shard.append(b'{"message":"a"}', b'{"message":"b"}')

    assert shard.digester.digest_next(shard.conn) == 2
    assert shard.digester.digest_next(shard.conn) == 0
    assert shard.messages() == ["a", "b"]


def test_a_digester_that_died_after_its_commit_stores_nothing_twice(shard):
    shard.append(b'{"message":"a"}')
    shard.drain()
    shard.append(b'{"message":"b"}')

    shard.new_digester()
    shard.drain()

    assert shard.messages() == ["a", "b"]
    assert shard.conn.execute("SELECT sum(quantity) FROM outcomes").fetchone() == (4,)


def test_a_second_digester_of_the_same_shard_stores_nothing(shard):
    first = shard.digester
    assert first.digest_next(shard.conn) == 0
    second = shard.new_digester()
    shard.append(b'{"message":"a"}')
    shard.drain()

    with pytest.raises(PositionMoved):
        first.digest_next(shard.conn)
    second.close()
    assert shard.messages() == ["a"]
    shard.new_digester()
    first.close()


def test_a_record_that_cannot_be_read_is_quarantined_and_its_neighbours_are_stored(shard):
    shard.append(b'{"message":"a"}')
    append(shard.appender, [b"\xc1 no record"])
    shard.append(b'{"message":"b"}')

    shard.drain()

    assert shard.messages() == ["a", "b"]
    [(position, reason)] = shard.quarantine()
    assert position == 2
    assert "DecodeError" in reason


def test_an_event_that_is_no_json_object_is_dropped_with_its_reason(shard):
    shard.append(b"{no json", b'{"message":"a"}')

    shard.drain()

    assert shard.messages() == ["a"]
    assert shard.quarantine() == []
    assert shard.conn.execute(
        "SELECT outcome, reason, quantity FROM outcomes ORDER BY outcome, reason"
    ).fetchall() == [("accepted", "", 2), ("dropped", "invalid", 1), ("stored", "", 1)]


def test_a_record_that_the_database_refuses_is_quarantined_after_its_third_attempt(shard):
    refuse_message(shard.conn, "poison")
    shard.append(b'{"message":"a"}', b'{"message":"poison"}', b'{"message":"b"}')

    shard.drain()

    assert shard.messages() == ["a", "b"]
    [(position, reason)] = shard.quarantine()
    assert position == 2
    assert "no such poison" in reason


def test_a_record_on_which_the_process_dies_is_quarantined_after_its_third_death(shard):
    shard.append(b'{"message":"deadly"}', b'{"message":"a"}')
    shard.digester.close()
    for _ in range(MAX_ATTEMPTS + 1):  # the first death takes the whole batch along
        marker = Marker(shard.folder / "in-hand")
        marker.begin(0, marker.unfinished_until or 2)
        marker.close()

    shard.new_digester()
    shard.drain()

    assert shard.messages() == ["a"]
    [(position, reason)] = shard.quarantine()
    assert (position, reason) == (1, "the digest process died on it")
    assert shard.conn.execute(
        "SELECT quantity FROM outcomes WHERE reason = 'quarantined'"
    ).fetchone() == (1,)


def test_an_event_that_waited_for_days_is_filed_by_its_time_of_receipt(shard):
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    shard.append(b'{"message":"late"}', received_at=moment)

    shard.drain()

    assert shard.conn.execute("SELECT message, received_at FROM events").fetchall() == [
        ("late", moment)
    ]


def test_a_day_that_retention_dropped_meanwhile_is_made_again(shard):
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(days=100)
    shard.append(b'{"message":"a"}', received_at=moment)
    shard.drain()
    drop_partition(shard.conn, moment.date())

    shard.append(b'{"message":"b"}', received_at=moment)
    shard.drain()

    assert shard.messages() == ["b"]
    assert shard.quarantine() == []


def test_while_the_database_is_away_nothing_is_lost(shard, database_url):
    shard.append(b'{"message":"a"}')
    with connect(database_url, application_name="doomed") as doomed:
        shard.conn.execute("SELECT pg_terminate_backend(%s)", (doomed.info.backend_pid,))
        with pytest.raises(psycopg.OperationalError):
            shard.digester.digest_next(doomed)

    shard.drain()

    assert shard.messages() == ["a"]
