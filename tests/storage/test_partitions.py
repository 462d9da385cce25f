"""The daily partitions of events."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from mesher.storage.connection import connect
from mesher.storage.partitions import drop_partition, make_partitions, partition_days

DAY = date(2026, 12, 30)
INSERT = (
    "INSERT INTO events (project_id, issue_id, level, message, fingerprint, received_at)"
    " VALUES (%s, %s, 'error', 'm', 'f', %s) RETURNING tableoid::regclass::text"
)


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as connection:
        yield connection


def store_event(conn, received_at: str) -> str:
    """Store one event; the table that it went to."""
    return conn.execute(INSERT, (uuid.UUID(int=1), uuid.UUID(int=2), received_at)).fetchone()[0]


def test_partitions_are_made_from_the_day_to_seven_days_ahead(conn):
    make_partitions(conn, DAY)
    assert partition_days(conn) == [DAY + timedelta(days=ahead) for ahead in range(8)]


def test_a_partition_is_named_by_its_day(conn):
    make_partitions(conn, DAY, days_ahead=0)
    assert conn.execute("SELECT to_regclass('events_20261230')").fetchone() == ("events_20261230",)


@pytest.mark.parametrize(
    ("received_at", "table"),
    [
        ("2026-12-30 00:00:00+00", "events_20261230"),
        ("2026-12-30 23:59:59.999999+00", "events_20261230"),
        ("2026-12-31 00:00:00+00", "events_20261231"),
        ("2026-12-31 01:30:00+02", "events_20261230"),  # a day is one of UTC
    ],
)
def test_a_partition_holds_its_day_in_utc(conn, received_at, table):
    make_partitions(conn, DAY, days_ahead=1)
    assert store_event(conn, received_at) == table


def test_the_time_zone_of_the_session_does_not_move_the_day(conn):
    conn.execute("SET TIME ZONE 'Pacific/Auckland'")
    make_partitions(conn, DAY, days_ahead=0)
    assert store_event(conn, "2026-12-30 00:00:00+00") == "events_20261230"


def test_making_a_partition_that_exists_is_not_an_error(conn):
    make_partitions(conn, DAY)
    store_event(conn, "2026-12-30 12:00:00+00")
    make_partitions(conn, DAY - timedelta(days=1))
    assert len(partition_days(conn)) == 9
    assert conn.execute("SELECT count(*) FROM events").fetchone() == (1,)


def test_two_nodes_make_the_same_partitions_at_once(database_url):
    failures = []
    begin = threading.Barrier(4)

    def make() -> None:
        with connect(database_url, application_name="test") as conn:
            begin.wait()
            try:
                make_partitions(conn, DAY)
            except psycopg.Error as error:
                failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with connect(database_url, application_name="test") as conn:
        assert len(partition_days(conn)) == 8


def test_a_partition_has_every_index_of_its_parent(conn):
    make_partitions(conn, DAY, days_ahead=0)
    parents, children = (
        conn.execute(
            "SELECT array_agg(regexp_replace(pg_get_indexdef(indexrelid), '^.* USING', '')"
            " ORDER BY 1) FROM pg_index WHERE indrelid = %s::regclass",
            (table,),
        ).fetchone()[0]
        for table in ("events", "events_20261230")
    )
    assert sorted(children) == sorted(parents)
    attached = conn.execute(
        "SELECT count(*) FROM pg_inherits JOIN pg_index ON indexrelid = inhparent"
        " WHERE indrelid = 'events'::regclass"
    )
    assert attached.fetchone() == (len(parents),)


def test_a_partition_stores_payloads_as_they_are_given(conn):
    make_partitions(conn, DAY, days_ahead=0)
    storage = conn.execute(
        "SELECT attstorage FROM pg_attribute"
        " WHERE attrelid = 'events_20261230'::regclass AND attname = 'payload'"
    )
    assert storage.fetchone() == ("e",)


def test_partitions_are_made_while_events_are_read_and_written(conn, database_url):
    make_partitions(conn, DAY, days_ahead=0)
    with connect(database_url, application_name="reader") as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM events")
        reader.execute(INSERT, (uuid.UUID(int=1), uuid.UUID(int=2), "2026-12-30 12:00:00+00"))
        conn.execute("SET lock_timeout = '2s'")
        make_partitions(conn, DAY, days_ahead=1)
    assert len(partition_days(conn)) == 2


def test_dropping_a_partition_removes_its_events_alone(conn):
    make_partitions(conn, DAY, days_ahead=1)
    store_event(conn, "2026-12-30 12:00:00+00")
    store_event(conn, "2026-12-31 12:00:00+00")
    drop_partition(conn, DAY)
    assert partition_days(conn) == [DAY + timedelta(days=1)]
    assert conn.execute("SELECT received_at FROM events").fetchall() == [
        (datetime(2026, 12, 31, 12, tzinfo=UTC),)
    ]


def test_dropping_a_partition_that_is_not_there_is_not_an_error(conn):
    drop_partition(conn, DAY)
    assert partition_days(conn) == []


def test_dropping_gives_way_to_a_reader_that_takes_long(conn, database_url):
    make_partitions(conn, DAY, days_ahead=0)
    with connect(database_url, application_name="reader") as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM events")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            drop_partition(conn, DAY)
    assert partition_days(conn) == [DAY]
