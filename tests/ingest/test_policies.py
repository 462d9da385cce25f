"""Settings and storms of projects, from batch to batch."""

from __future__ import annotations

import time
import uuid
from unittest.mock import ANY

import psycopg
import pytest
import structlog.testing

from mesher.ingest.digest import TAKE_ALL
from mesher.ingest.digester import ShardDigester
from mesher.ingest.journal import Record, encode_record
from mesher.ingest.journal_sqlite import SegmentAppender, SegmentReader
from mesher.ingest.marker import Marker
from mesher.ingest.policies import Policies
from mesher.ingest.spike import FLOOR_EVENTS, MINUTES_TO_LEARN, Storm, keep_event
from mesher.storage.connection import connect
from mesher.values.ingest_settings import IngestSettings
from shards import append

PROJECT = uuid.UUID(int=1)
PROTECTED = {PROJECT: IngestSettings(spike_protection=True)}


def storm_of(policies: Policies) -> Storm:
    storm = policies.find(PROJECT).storm
    assert storm is not None
    return storm


def test_a_project_that_has_changed_nothing_takes_all():
    policies = Policies({})
    assert policies.find(PROJECT) == TAKE_ALL._replace(known_issues=ANY)


def test_settings_that_change_hold_for_the_next_record():
    settings: dict[uuid.UUID, IngestSettings] = {}
    policies = Policies(settings)
    settings[PROJECT] = IngestSettings(filter_localhost=True)
    assert policies.find(PROJECT).settings.filter_localhost
    assert policies.find(PROJECT).storm is None


def test_only_a_committed_batch_counts_towards_a_storm():
    policies = Policies(PROTECTED)
    for _ in range(5):
        keep_event(storm_of(policies), "loop", minute=1, factor=10)
        policies.roll_back()
    assert storm_of(policies).events == 0

    keep_event(storm_of(policies), "loop", minute=1, factor=10)
    policies.commit()
    assert storm_of(policies).events == 1


def test_the_log_says_once_a_minute_that_a_storm_is_thinned_out():
    policies = Policies(PROTECTED)
    with structlog.testing.capture_logs() as logs:
        for minute in (0, MINUTES_TO_LEARN, MINUTES_TO_LEARN + 1):
            for _ in range(3):  # batches
                for _ in range(FLOOR_EVENTS + 1):
                    keep_event(storm_of(policies), "loop", minute=minute, factor=2)
                policies.commit()
    assert [(line["event"], line["project_id"]) for line in logs] == [
        ("storm_thinned_out", str(PROJECT))
    ] * 2


@pytest.fixture
def shard(tmp_path):
    appender = SegmentAppender(tmp_path / "000")
    yield appender
    appender.close()


def test_a_storm_leaves_its_first_events_and_rare_ones_and_the_rest_is_in_the_ledger(
    shard, tmp_path, database_url
):
    now_us = int(time.time() * 1e6)
    # One event first, an hour ago: what is usual is known, and it is next to nothing.
    messages = ["usual", *["loop"] * (FLOOR_EVENTS + 300), "rare"]
    append(
        shard,
        [
            encode_record(
                Record(
                    kind="store",
                    project_id=PROJECT,
                    received_at_us=now_us + number if number else now_us - 3_600_000_000,
                    event_ids=[uuid.uuid4().hex],
                    content_encoding="",
                    client="",
                    client_ip="",
                    context={},
                    body=b'{"message":"%s"}' % message.encode(),
                )
            )
            for number, message in enumerate(messages)
        ],
    )
    with connect(database_url, application_name="test") as conn:
        digester = ShardDigester(SegmentReader(tmp_path / "000"), Marker(tmp_path / "m"), PROTECTED)
        while digester.digest_next(conn):
            pass
        digester.close()
        stored = dict(count_by(conn, "SELECT message, count(*) FROM events GROUP BY message"))
        ledger = dict(
            count_by(conn, "SELECT outcome || reason, sum(quantity) FROM outcomes GROUP BY 1")
        )
    thinned = len(messages) - sum(stored.values())
    assert stored["usual"] == stored["rare"] == 1
    assert FLOOR_EVENTS <= stored["loop"] < FLOOR_EVENTS + 10
    assert ledger == {
        "accepted": len(messages),
        "stored": sum(stored.values()),
        "droppedspike": thinned,
    }


def count_by(conn: psycopg.Connection, statement: str) -> list[tuple[str, int]]:
    return conn.execute(statement).fetchall()
