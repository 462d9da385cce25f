"""A quarantined record comes back once, and the ledger balances before and after."""

from __future__ import annotations

import threading

import psycopg
import pytest

from mesher.errors import Conflict, NotFound
from mesher.ingest.replay import replay
from mesher.storage.connection import connect
from mesher.storage.quarantine import list_quarantine
from shards import PROJECT, Shard, append, refuse_message


@pytest.fixture
def shard(tmp_path, database_url):
    """With one record in the quarantine, between two that are stored."""
    with connect(database_url, application_name="test") as conn:
        shard = Shard(tmp_path / "000", conn)
        refuse_message(conn, "poison")
        shard.append(b'{"message":"a"}', b'{"message":"poison"}', b'{"message":"b"}')
        shard.drain()
        yield shard
        shard.close()


def repair(conn: psycopg.Connection) -> None:
    conn.execute("DROP TRIGGER refuse ON events")


def ledger(conn: psycopg.Connection) -> dict[tuple[str, str], int]:
    rows = conn.execute(
        "SELECT outcome, reason, sum(quantity)::int FROM outcomes"
        " WHERE quantity <> 0 GROUP BY outcome, reason"
    )
    return {(outcome, reason): quantity for outcome, reason, quantity in rows}


def test_the_quarantine_tells_whose_record_it_is_and_why(shard):
    [entry] = list_quarantine(shard.conn)

    assert entry.project_id == PROJECT
    assert (entry.position, entry.size_bytes > 0) == (2, True)
    assert "no such poison" in entry.reason


def test_a_replayed_record_is_stored_and_the_quarantined_outcome_taken_back(shard):
    [entry] = list_quarantine(shard.conn)
    assert ledger(shard.conn) == {
        ("accepted", ""): 3,
        ("stored", ""): 2,
        ("dropped", "quarantined"): 1,
    }
    repair(shard.conn)

    replay(shard.conn, entry.id)

    assert shard.messages() == ["a", "b", "poison"]
    assert list_quarantine(shard.conn) == []
    assert ledger(shard.conn) == {("accepted", ""): 3, ("stored", ""): 3}


def test_a_record_that_is_refused_again_stays_and_nothing_is_counted(shard):
    [entry] = list_quarantine(shard.conn)
    before = ledger(shard.conn)

    with pytest.raises(Conflict, match="no such poison"):
        replay(shard.conn, entry.id)

    assert list_quarantine(shard.conn) == [entry]
    assert ledger(shard.conn) == before


def test_a_record_that_cannot_be_read_stays(shard):
    append(shard.appender, [b"\xc1 no record"])
    shard.drain()
    [_, unreadable] = list_quarantine(shard.conn)
    assert unreadable.project_id is None

    with pytest.raises(Conflict, match="DecodeError"):
        replay(shard.conn, unreadable.id)

    assert unreadable in list_quarantine(shard.conn)


def test_what_is_not_in_the_quarantine_is_not_found(shard):
    with pytest.raises(NotFound):
        replay(shard.conn, 4711)


def test_two_replays_at_once_store_the_record_once(shard, database_url):
    [entry] = list_quarantine(shard.conn)
    repair(shard.conn)
    ends: list[str] = []
    start = threading.Barrier(2)

    def run() -> None:
        with connect(database_url, application_name="test") as conn:
            start.wait()
            try:
                replay(conn, entry.id)
            except NotFound:
                ends.append("not found")
            else:
                ends.append("stored")

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ends) == ["not found", "stored"]
    assert shard.messages() == ["a", "b", "poison"]
    assert ledger(shard.conn) == {("accepted", ""): 3, ("stored", ""): 3}


def test_an_event_that_its_client_sent_again_meanwhile_is_a_duplicate(shard):
    [entry] = list_quarantine(shard.conn)
    repair(shard.conn)
    [(record,)] = shard.conn.execute("SELECT record FROM quarantine").fetchall()
    append(shard.appender, [record])
    shard.drain()

    replay(shard.conn, entry.id)

    assert shard.messages() == ["a", "b", "poison"]
    assert ledger(shard.conn) == {
        ("accepted", ""): 4,
        ("stored", ""): 3,
        ("dropped", "duplicate"): 1,
    }
