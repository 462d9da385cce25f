"""A map that comes after its events is applied to them, and their issues are those of the source."""

from __future__ import annotations

import copy
import json
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import zstandard

from mesher.ingest import remapping
from mesher.ingest.digester import make_batch
from mesher.ingest.journal import Entry, Record, encode_record
from mesher.ingest.policies import Policies
from mesher.ingest.remapping import remap_events
from mesher.ingest.symbolication import Symbolicator
from mesher.protocol.event import Event
from mesher.storage.connection import connect
from mesher.storage.ingest_batch import store_batch
from mesher.storage.partitions import make_partitions
from mesher.storage.shelf import DatabaseShelf
from mesher.symbolication.problems import TOO_SLOW
from mesher.symbolication.queries import Answer
from mesher.symbolication.resolver import Resolver
from shards import Shard
from storing import check_hourly_counts
from uploads import new_place, upload

LATER = timedelta(minutes=1)


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as conn:
        make_partitions(conn, datetime.now(UTC).date(), days_ahead=1)
        yield conn


@pytest.fixture
def place(conn):
    return new_place(conn)


@pytest.fixture
def projects():
    """Those that digest knows to have uploads."""
    return set()


@pytest.fixture
def ask(conn):
    resolver = Resolver(DatabaseShelf(conn))
    return lambda query, _deadline: resolver.answer(query)


@pytest.fixture
def shard(tmp_path, conn, place, projects, ask):
    shard = Shard(
        tmp_path / "000",
        conn,
        project_id=place.project_id,
        symbolicate=Symbolicator(ask, projects).symbolicate,
    )
    yield shard
    shard.close()


def body(payload):
    return json.dumps({**payload, "event_id": uuid.uuid4().hex}).encode()


def elsewhere(payload):
    """Another failure that the minified stack trace does not tell apart: in total(), not priceOf()."""
    payload = copy.deepcopy(payload)
    frames = payload["exception"]["values"][0]["stacktrace"]["frames"]
    crash, caller = frames[-1], frames[-4]
    crash["lineno"], crash["colno"] = caller["lineno"], caller["colno"]
    return payload


def remap(conn, ask):
    """As the job does it a minute after the upload, and once more a minute later."""
    now = datetime.now(UTC) + LATER
    return sum(sum(remap_events(conn, ask, now + n * LATER)) for n in range(2))


def events(conn):
    rows = conn.execute("SELECT payload, issue_id FROM events ORDER BY received_at, id").fetchall()
    return [
        (msgspec.json.decode(zstandard.decompress(payload), type=Event), issue)
        for payload, issue in rows
    ]


def functions(conn):
    return [event.exception[0].stacktrace.frames[-1].function for event, _ in events(conn)]


def counts(conn):
    """Of each issue what it counts and what is in it."""
    check_hourly_counts(conn)
    return conn.execute(
        """
        SELECT i.event_count, count(e.id) FROM issues AS i
        LEFT JOIN events AS e ON e.issue_id = i.id GROUP BY i.id ORDER BY 1
        """
    ).fetchall()


def test_the_issue_of_an_unmapped_event_becomes_that_of_its_source(
    conn, shard, place, ask, minified, minified_event
):
    shard.append(body(minified_event), body(minified_event))
    shard.drain()
    before = conn.execute("SELECT id, culprit FROM issues").fetchall()
    conn.execute("UPDATE issues SET status = 'archived'")
    assert remap(conn, ask) == 0
    upload(conn, place, minified.bundle())

    assert remap(conn, ask) > 0

    assert functions(conn) == ["priceOf", "priceOf"]
    assert [event.errors for event, _ in events(conn)] == [[], []]
    ((issue, culprit, status, count),) = conn.execute(
        "SELECT id, culprit, status, event_count FROM issues"
    ).fetchall()
    assert issue == before[0][0]
    assert culprit.startswith("priceOf(")
    assert culprit != before[0][1]
    assert (status, count) == ("archived", 2)
    assert conn.execute("SELECT count(*) FROM awaited_artifacts").fetchone() == (0,)
    (columns,) = conn.execute("SELECT stacktrace -> -1 ->> 'function' FROM events LIMIT 1")
    assert columns == ("priceOf",)


def test_what_comes_after_the_upload_joins_the_same_issue(
    conn, shard, place, projects, ask, minified, minified_event, debugging, debugging_event
):
    shard.append(body(minified_event))
    shard.drain()
    upload(conn, place, minified.bundle())
    upload(conn, place, debugging.bundle())
    remap(conn, ask)
    projects.add(place.project_id)
    shard.append(body(debugging_event))
    shard.drain()
    assert counts(conn) == [(2, 2)]


def test_an_event_joins_the_issue_that_its_source_has_already(
    conn, shard, place, projects, ask, minified, minified_event, debugging, debugging_event
):
    projects.add(place.project_id)
    upload(conn, place, debugging.bundle())
    shard.append(body(debugging_event), body(minified_event))
    shard.drain()
    assert counts(conn) == [(1, 1), (1, 1)]
    upload(conn, place, minified.bundle())

    remap(conn, ask)

    assert counts(conn) == [(2, 2)]  # the issue that nothing was left of is gone
    first, last = conn.execute("SELECT first_seen, last_seen FROM issues").fetchone()
    assert first <= last


def test_failures_that_only_the_source_tells_apart_get_issues_of_their_own(
    conn, shard, place, ask, minified, minified_event
):
    shard.append(body(minified_event), body(elsewhere(minified_event)), body(minified_event))
    shard.drain()
    assert counts(conn) == [(3, 3)]
    upload(conn, place, minified.bundle())

    remap(conn, ask)

    assert counts(conn) == [(1, 1), (2, 2)]
    assert sorted(functions(conn)) == ["Cart.total", "priceOf", "priceOf"]
    assert len({issue for _, issue in events(conn)}) == 2


def test_an_event_whose_issue_was_discarded_stays_where_it_is(
    conn, shard, place, projects, ask, minified, minified_event, debugging, debugging_event
):
    projects.add(place.project_id)
    upload(conn, place, debugging.bundle())
    shard.append(body(debugging_event))
    shard.drain()
    conn.execute("UPDATE issues SET status = 'discarded'")
    shard.append(body(minified_event))
    shard.drain()
    upload(conn, place, minified.bundle())

    remap(conn, ask)

    assert counts(conn) == [(1, 1), (1, 1)]
    assert functions(conn) == ["priceOf", "priceOf"]


def test_events_of_other_builds_and_projects_are_left_alone(
    conn, shard, place, ask, minified, minified_event, debugging_event
):
    shard.append(body(minified_event))
    shard.append(body({**debugging_event, "release": "other"}))
    shard.drain()
    untouched = events(conn)[1]
    upload(conn, place, minified.bundle())
    remap(conn, ask)
    assert events(conn)[1] == untouched
    assert functions(conn)[0] == "priceOf"


def test_a_late_upload_by_release_is_applied_too(conn, shard, place, ask, minified, minified_event):
    payload = {**minified_event, "debug_meta": None}
    shard.append(body(payload))
    shard.drain()
    prefix = f"~{minified.path.parent}/"
    upload(conn, place, minified.bundle(prefix=prefix), "shop@1.4.2")
    remap(conn, ask)
    assert functions(conn) == ["priceOf"]


def test_a_run_that_was_cut_off_is_continued_by_the_next(
    conn, shard, place, ask, minified, minified_event, monkeypatch
):
    monkeypatch.setattr(remapping, "STEP_EVENTS", 3)
    for _ in range(10):
        shard.append(body(minified_event))
    shard.drain()
    upload(conn, place, minified.bundle())
    now = datetime.now(UTC) + LATER
    assert list(remap_events(conn, ask, now)) == []  # it has just arrived
    next(remap_events(conn, ask, now + LATER))
    assert functions(conn)[7:] == ["priceOf"] * 3  # the newest first
    assert "priceOf" not in functions(conn)[:7]

    remap(conn, ask)

    assert functions(conn) == ["priceOf"] * 10
    assert counts(conn) == [(10, 10)]


def test_mapping_what_is_mapped_writes_nothing(conn, shard, place, ask, minified, minified_event):
    shard.append(body(minified_event))
    shard.drain()
    upload(conn, place, minified.bundle())
    conn.execute("CREATE TABLE kept AS SELECT * FROM awaited_artifacts")
    assert remap(conn, ask) > 0
    conn.execute("INSERT INTO awaited_artifacts SELECT * FROM kept")
    assert remap(conn, ask) == 0


def test_a_map_that_is_too_slow_for_the_job_too_is_told_for_good(
    conn, shard, place, projects, minified, minified_event
):
    projects.add(place.project_id)
    shard.append(body(minified_event))
    shard.drain()
    upload(conn, place, minified.bundle())
    remap(conn, lambda _query, _deadline: Answer(problem=TOO_SLOW))
    ((event, _),) = events(conn)
    assert [error.type for error in event.errors] == ["symbolication_too_large"]


def test_counts_are_exact_while_digest_stores_events_of_the_same_issues(
    conn, database_url, shard, place, ask, minified, minified_event
):
    shard.append(*(body(minified_event) for _ in range(60)))
    shard.append(*(body(elsewhere(minified_event)) for _ in range(60)))
    shard.drain()
    upload(conn, place, minified.bundle())
    # Digested before, as other processes do it: what packs events serves one thread at a time.
    policies = Policies(symbolicate=Symbolicator(ask, {place.project_id}).symbolicate)
    payloads = [minified_event, elsewhere(minified_event)] * 2
    batches = [
        make_batch(uuid.uuid4(), 0, entries_of(place.project_id, *payloads), policies)
        for _ in range(100)
    ]

    def store_all():
        with connect(database_url, application_name="digest") as own:
            for batch in batches:
                with own.transaction():
                    store_batch(own, batch)

    thread = threading.Thread(target=store_all)
    thread.start()
    assert remap(conn, ask) > 0
    thread.join()

    assert counts(conn) == [(260, 260), (260, 260)]
    assert set(functions(conn)) == {"priceOf", "Cart.total"}


def entries_of(project_id, *payloads):
    """Records of the journal."""
    return [
        Entry(
            position,
            encode_record(
                Record(
                    kind="store",
                    project_id=project_id,
                    received_at_us=time.time_ns() // 1000,
                    event_ids=[uuid.uuid4().hex],
                    content_encoding="",
                    client="test/1.0",
                    client_ip="",
                    context={},
                    body=body(payload),
                )
            ),
        )
        for position, payload in enumerate(payloads, start=1)
    ]
