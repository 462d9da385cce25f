"""Events are mapped on their way into the database, and never held up for it."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
import time
import uuid

import msgspec
import pytest
import structlog
import zstandard

from artifacts import File, bundle
from mesher.ingest import symbolication
from mesher.ingest.awaiting import MAX_NEW
from mesher.ingest.symbolication import Symbolicator
from mesher.ingest.symbolicator_process import SymbolicatorProcess
from mesher.protocol.event import Event
from mesher.storage.artifacts import list_projects_with_artifacts
from mesher.storage.connection import connect
from mesher.symbolication.problems import TOO_SLOW
from mesher.symbolication.queries import Answer, Origin, Position, SourceMapQuery
from shards import Shard
from uploads import new_place, upload
from waiting import wait_until

PATIENCE = 60.0


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as conn:
        yield conn


@pytest.fixture
def place(conn):
    return new_place(conn)


@pytest.fixture
def process(database_url):
    process = SymbolicatorProcess(database_url)
    yield process
    process.end()


@pytest.fixture
def projects():
    return set()


@pytest.fixture
def symbolicator(process, projects):
    return Symbolicator(
        lambda query, deadline: process.ask(query, deadline=deadline),
        projects,
        event_seconds=PATIENCE,
    )


@pytest.fixture
def shard(tmp_path, conn, place, symbolicator):
    shard = Shard(
        tmp_path / "000", conn, project_id=place.project_id, symbolicate=symbolicator.symbolicate
    )
    yield shard
    shard.close()


def stored(conn) -> list[Event]:
    rows = conn.execute("SELECT payload FROM events ORDER BY received_at, id").fetchall()
    return [msgspec.json.decode(zstandard.decompress(row[0]), type=Event) for row in rows]


def body(payload):
    return json.dumps({**payload, "event_id": uuid.uuid4().hex}).encode()


def query(place, minified, *, line=2):
    return SourceMapQuery(
        origin=Origin(project_id=place.project_id),
        abs_path="/app.js",
        debug_id=minified.debug_id,
        places=(Position(line, 1),),
    )


def test_debug_and_minified_builds_of_one_source_are_stored_as_one_issue(
    conn, place, projects, shard, minified, minified_event, debugging, debugging_event
):
    upload(conn, place, minified.bundle())
    upload(conn, place, debugging.bundle())
    projects |= list_projects_with_artifacts(conn)

    shard.append(body(minified_event), body(debugging_event))
    shard.drain()

    assert conn.execute("SELECT event_count, culprit LIKE 'priceOf(%' FROM issues").fetchall() == [
        (2, True)
    ]
    first, second = stored(conn)
    assert first.exception[0].stacktrace.frames[-1].function == "priceOf"
    assert first.exception[0].raw_stacktrace != second.exception[0].raw_stacktrace
    (columns,) = conn.execute("SELECT stacktrace -> -1 ->> 'function' FROM events LIMIT 1")
    assert columns == ("priceOf",)
    assert conn.execute("SELECT count(*) FROM awaited_artifacts").fetchone() == (0,)


def test_an_event_whose_map_is_missing_is_stored_with_a_note_and_what_it_awaits(
    conn, place, shard, minified, minified_event
):
    shard.append(body(minified_event), body(minified_event))
    shard.drain()

    assert [[e.type for e in event.errors] for event in stored(conn)] == [["js_missing_source"]] * 2
    awaited = conn.execute(
        "SELECT project_id, kind, name, first_at <= last_at, arrived_at FROM awaited_artifacts"
    ).fetchall()
    assert awaited == [(place.project_id, "debug_id", str(minified.debug_id), True, None)]


def test_what_events_lack_is_noted_once_and_not_with_each_batch(conn, shard, minified_event):
    shard.append(body(minified_event))
    shard.drain()
    conn.execute("DELETE FROM awaited_artifacts")
    shard.append(body(minified_event))
    shard.drain()
    assert conn.execute("SELECT count(*) FROM awaited_artifacts").fetchone() == (0,)


def test_a_client_that_names_a_new_build_with_each_event_fills_no_table(
    conn, shard, minified_event
):
    payloads = []
    for number in range(MAX_NEW + 50):
        payload = copy.deepcopy(minified_event)
        payload["debug_meta"]["images"][0]["debug_id"] = str(uuid.UUID(int=number + 1))
        payloads.append(body(payload))
    shard.append(*payloads)
    shard.drain()
    assert conn.execute("SELECT count(*) FROM awaited_artifacts").fetchone() == (MAX_NEW,)


def test_events_of_a_project_that_is_gone_are_stored_all_the_same(
    conn, place, shard, minified_event
):
    conn.execute("DELETE FROM projects WHERE id = %s", (place.project_id,))
    shard.append(body(minified_event))
    shard.drain()
    assert conn.execute("SELECT count(*) FROM awaited_artifacts").fetchone() == (0,)
    assert conn.execute("SELECT count(*) FROM quarantine").fetchone()[0] <= 1


def test_a_project_never_gets_the_maps_of_another(conn, place, process, minified):
    other = new_place(conn, "other")
    upload(conn, other, minified.bundle())
    deadline = time.monotonic() + PATIENCE

    assert process.ask(query(place, minified), deadline=deadline).problem == "js_missing_source"
    assert process.ask(query(other, minified), deadline=deadline).problem == ""


def test_a_place_is_asked_for_once_by_many_events(normalized, minified, minified_event):
    asked = []

    def ask(query, deadline):
        asked.append(len(query.places))
        return Answer(results=[[] for _ in query.places])

    project = uuid.uuid4()
    symbolicator = Symbolicator(ask, {project})
    for _ in range(3):
        symbolicator.symbolicate(normalized(minified_event), project)
    assert asked == [6]


def test_a_missing_map_is_asked_for_again_after_seconds(normalized, minified_event, monkeypatch):
    asked = []

    def ask(query, deadline):
        asked.append(query)
        return Answer(problem="js_missing_source")

    project = uuid.uuid4()
    symbolicator = Symbolicator(ask, {project})
    symbolicator.symbolicate(normalized(minified_event), project)
    symbolicator.symbolicate(normalized(minified_event), project)
    assert len(asked) == 1
    monkeypatch.setattr(symbolication, "MISSING_SECONDS", -1.0)
    symbolicator = Symbolicator(ask, {project})
    symbolicator.symbolicate(normalized(minified_event), project)
    symbolicator.symbolicate(normalized(minified_event), project)
    assert len(asked) == 3


def test_a_map_that_takes_too_long_holds_up_one_event_and_no_other(
    conn, database_url, place, process, normalized, minified, minified_event
):
    upload(conn, place, minified.bundle())
    blocker = connect(database_url, application_name="blocker")
    blocker.autocommit = False
    blocker.execute("LOCK TABLE artifacts IN ACCESS EXCLUSIVE MODE")  # nothing can be read now
    asked = []

    def ask(query, deadline):
        asked.append(query)
        return process.ask(query, deadline=deadline)

    symbolicator = Symbolicator(ask, {place.project_id}, event_seconds=0.5)
    event = normalized(minified_event)

    awaited = symbolicator.symbolicate(event, place.project_id).awaited
    symbolicator.symbolicate(normalized(minified_event), place.project_id)

    assert len(asked) == 1
    blocker.close()
    assert [error.type for error in event.errors] == [TOO_SLOW]
    assert {entry.kind for entry in awaited} == {"debug_id"}


def test_a_process_that_was_killed_is_started_anew(conn, place, process, minified):
    upload(conn, place, minified.bundle())
    deadline = time.monotonic() + PATIENCE
    assert process.ask(query(place, minified), deadline=deadline).problem == ""
    first = process._process.pid
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: process._process.poll() is not None)
    assert process.ask(query(place, minified), deadline=deadline).problem == ""
    assert process._process.pid != first


def test_a_process_without_its_database_costs_no_event(normalized, minified_event):
    nowhere = SymbolicatorProcess("postgresql://nobody@127.0.0.1:9/nothing")
    project = uuid.uuid4()
    symbolicator = Symbolicator(
        lambda query, deadline: nowhere.ask(query, deadline=deadline),
        {project},
        event_seconds=PATIENCE,
    )
    event = normalized(minified_event)
    symbolicator.symbolicate(event, project)
    assert [error.type for error in event.errors] == ["symbolication_failed"]


def test_a_process_that_cannot_start_is_not_tried_for_each_event():
    nowhere = SymbolicatorProcess("postgresql://nobody@127.0.0.1:9/nothing")
    with structlog.testing.capture_logs() as logs:
        for _ in range(100):
            nowhere.prepare()
    assert nowhere._process is None
    assert [log["event"] for log in logs] == ["symbolicator_not_started"]


def test_a_map_that_needs_more_memory_than_the_process_may_take_ends_only_that(
    conn, place, process, minified
):
    # A source map of many megabytes in which each character is a token.
    sections = {"version": 3, "sources": ["a"], "names": [], "mappings": "A," * 20_000_000}
    headers = {"debug-id": str(minified.debug_id)}
    upload(
        conn, place, bundle(File("source_map", "~/a.map", json.dumps(sections).encode(), headers))
    )
    deadline = time.monotonic() + PATIENCE
    answer = process.ask(query(place, minified), deadline=deadline)
    assert answer.problem in {"symbolication_failed", "js_invalid_sourcemap", ""}
    other = new_place(conn, "other")
    upload(conn, other, minified.bundle())
    assert process.ask(query(other, minified), deadline=deadline).problem == ""


def test_an_idle_process_is_ended(conn, place, process, minified, monkeypatch):
    process.ask(query(place, minified), deadline=time.monotonic() + PATIENCE)
    process.end_if_idle()
    assert process._process is not None
    monkeypatch.setattr("mesher.ingest.symbolicator_process.IDLE_SECONDS", 0.0)
    process.end_if_idle()
    assert process._process is None


def test_the_process_ends_with_the_one_that_asks(conn, place, process, minified):
    process.ask(query(place, minified), deadline=time.monotonic() + PATIENCE)
    child = process._process
    child.stdin.close()
    wait_until(lambda: child.poll() is not None)


def test_a_bug_in_mapping_costs_no_event(normalized, minified_event):
    def ask(query, deadline):
        raise ZeroDivisionError

    project = uuid.uuid4()
    event = normalized(minified_event)
    assert Symbolicator(ask, {project}).symbolicate(event, project).mapped == 0


def test_digest_and_jobs_load_no_library_that_reads_uploads():
    code = (
        "import sys, mesher.worker, mesher.jobs;"
        "print(sorted({'symbolic', 'demangle'} & sys.modules.keys()))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"
