"""What a batch of events leaves in the database, alone and beside other batches."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesher.storage.connection import connect
from mesher.storage.ingest_batch import (
    Batch,
    PositionMoved,
    QuarantinedRecord,
    read_position,
    store_batch,
)
from mesher.storage.ledger import OutcomeKey, hour_of
from mesher.storage.new_events import NewEvent
from mesher.storage.partitions import make_partitions

NOW = datetime.now(UTC)
NOW_US = int(NOW.timestamp() * 1e6)
PROJECT = uuid.UUID(int=1)
OTHER_PROJECT = uuid.UUID(int=2)


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as connection:
        make_partitions(connection, NOW.date(), days_ahead=0)
        make_partitions(connection, (NOW - timedelta(days=1)).date(), days_ahead=0)
        yield connection


def new_event(fingerprint: str = "f", **changes) -> NewEvent:
    values = {
        "id": uuid.uuid4(),
        "project_id": PROJECT,
        "received_at_us": NOW_US,
        "category": "error",
        "fingerprint": fingerprint,
        "title": f"title of {fingerprint}",
        "culprit": "app.views in index",
        "platform": "python",
        "grouping": b"{}",
        "level": "error",
        "message": "it broke",
        "exception": b'[{"type":"ValueError"}]',
        "stacktrace": None,
        "breadcrumbs": None,
        "tags": b'{"level":"error"}',
        "extra": b"{}",
        "user_context": None,
        "sdk_name": None,
        "sdk_version": None,
        "payload": b"packed",
    }
    return NewEvent(**{**values, **changes})


def store(conn, *events: NewEvent, **changes) -> None:
    """Store the events as one batch of a shard of its own."""
    accepted = Counter(
        OutcomeKey(event.project_id, hour_of(event.received_at_us), "error", "accepted", "")
        for event in events
    )
    batch = Batch(
        shard_id=uuid.uuid4(), after=0, position=1, events=list(events), outcomes=accepted
    )
    for name, value in changes.items():
        setattr(batch, name, value)
    with conn.transaction():
        store_batch(conn, batch)


def issue(conn, fingerprint: str = "f"):
    cursor = conn.cursor(row_factory=psycopg.rows.namedtuple_row)
    return cursor.execute("SELECT * FROM issues WHERE fingerprint = %s", (fingerprint,)).fetchone()


def stored_ids(conn) -> list[uuid.UUID]:
    return [row[0] for row in conn.execute("SELECT id FROM events").fetchall()]


def outcomes(conn) -> dict[tuple[str, str], int]:
    return {
        (outcome, reason): int(quantity)
        for outcome, reason, quantity in conn.execute(
            "SELECT outcome, reason, sum(quantity) FROM outcomes GROUP BY outcome, reason"
        )
    }


def test_an_event_is_stored_as_given_and_belongs_to_the_issue_of_its_fingerprint(conn):
    event = new_event(sdk_name="sentry.python", sdk_version="2.75.0", stacktrace=b'[{"lineno":7}]')
    store(conn, event)

    row = conn.execute(
        "SELECT id, project_id, issue_id, level, message, fingerprint, exception, stacktrace,"
        " breadcrumbs, tags, sdk_name, received_at, payload FROM events"
    ).fetchone()
    assert row == (
        event.id,
        PROJECT,
        issue(conn).id,
        "error",
        "it broke",
        "f",
        [{"type": "ValueError"}],
        [{"lineno": 7}],
        None,
        {"level": "error"},
        "sentry.python",
        NOW,
        b"packed",
    )


def test_a_new_issue_takes_title_and_times_from_its_oldest_event(conn):
    early = NOW_US - 5_000_000
    store(conn, new_event(title="late"), new_event(title="early", received_at_us=early))

    found = issue(conn)
    assert (found.title, found.status, found.event_count) == ("early", "unresolved", 2)
    assert found.first_seen == NOW - timedelta(seconds=5)
    assert found.last_seen == NOW


def test_a_known_issue_counts_on_and_takes_the_level_of_the_newest_event(conn):
    store(conn, new_event(level="fatal"))
    store(conn, new_event(level="warning", received_at_us=NOW_US + 1))
    store(conn, new_event(level="debug", received_at_us=NOW_US - 1))

    found = issue(conn)
    assert (found.event_count, found.level) == (3, "warning")
    assert found.first_seen == NOW - timedelta(microseconds=1)


def test_the_same_fingerprint_in_two_projects_is_two_issues(conn):
    store(conn, new_event(), new_event(project_id=OTHER_PROJECT))
    assert conn.execute("SELECT count(*) FROM issues").fetchone() == (2,)


def test_an_event_id_is_stored_once_in_a_batch(conn):
    event = new_event()
    store(conn, event, new_event(id=event.id))

    assert stored_ids(conn) == [event.id]
    assert issue(conn).event_count == 1
    assert outcomes(conn) == {
        ("accepted", ""): 2,
        ("stored", ""): 1,
        ("dropped", "duplicate"): 1,
    }


def test_an_event_id_is_stored_once_across_batches_and_days(conn):
    yesterday = NOW_US - 86_400_000_000
    event = new_event(received_at_us=yesterday)
    store(conn, event)
    store(conn, new_event("other", id=event.id))

    assert stored_ids(conn) == [event.id]
    assert issue(conn, "other") is None


def test_the_same_event_id_in_two_projects_is_two_events(conn):
    event = new_event()
    store(conn, event, new_event(id=event.id, project_id=OTHER_PROJECT, received_at_us=NOW_US + 1))
    assert stored_ids(conn) == [event.id, event.id]


def set_status(conn, status: str, at: datetime) -> None:
    conn.execute("UPDATE issues SET status = %s, status_changed_at = %s", (status, at))


def test_a_resolved_issue_becomes_unresolved_when_it_recurs(conn):
    store(conn, new_event())
    set_status(conn, "resolved", NOW + timedelta(seconds=1))

    store(conn, new_event(received_at_us=NOW_US + 2_000_000))

    found = issue(conn)
    assert found.status == "unresolved"
    assert found.status_changed_at == NOW + timedelta(seconds=2)


def test_an_event_received_before_the_issue_was_resolved_does_not_reopen_it(conn):
    store(conn, new_event())
    set_status(conn, "resolved", NOW + timedelta(seconds=5))

    store(conn, new_event(received_at_us=NOW_US + 2_000_000))

    assert issue(conn).status == "resolved"
    assert issue(conn).event_count == 2


def test_an_archived_issue_stays_archived_and_counts(conn):
    store(conn, new_event())
    set_status(conn, "archived", NOW)
    store(conn, new_event(received_at_us=NOW_US + 1))

    assert (issue(conn).status, issue(conn).event_count) == ("archived", 2)


def test_a_discarded_issue_suppresses_its_events_and_the_ledger_says_so(conn):
    first, unwanted, wanted = new_event(), new_event(), new_event("other")
    store(conn, first)
    set_status(conn, "discarded", NOW)

    store(conn, unwanted, wanted)

    assert sorted(stored_ids(conn)) == sorted([first.id, wanted.id])
    assert issue(conn).event_count == 1
    assert outcomes(conn)["dropped", "discarded"] == 1


def test_a_batch_behind_another_position_is_refused_and_writes_nothing(conn):
    shard = uuid.uuid4()
    store(conn, new_event(), shard_id=shard, position=7)
    assert read_position(conn, shard) == 7

    with pytest.raises(PositionMoved):
        store(conn, new_event(), shard_id=shard, after=3, position=9)

    assert len(stored_ids(conn)) == 1
    assert read_position(conn, shard) == 7


def test_a_quarantined_record_is_kept_with_its_reason(conn):
    record = QuarantinedRecord(
        position=1, project_id=PROJECT, received_at_us=NOW_US, reason="too odd", record=b"raw"
    )
    store(conn, quarantined=[record])
    assert conn.execute(
        "SELECT position, project_id, reason, record FROM quarantine"
    ).fetchall() == [(1, PROJECT, "too odd", b"raw")]


_BATCHES = st.lists(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), min_size=1, max_size=12),
    min_size=2,
    max_size=4,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=_BATCHES)
def test_concurrent_batches_that_share_issues_and_ids_never_deadlock_and_count_right(
    conn, database_url, batches
):
    """Each number is an event id, so batches share some; each letter an issue."""
    for table in ("events", "issues", "event_ids", "outcomes"):
        conn.execute(f"TRUNCATE {table}")
    failures: list[Exception] = []

    def write(batch: list[tuple[str, int]]) -> None:
        try:
            with connect(database_url, application_name="test") as own:
                store(own, *(new_event(letter, id=uuid.UUID(int=n + 1)) for letter, n in batch))
        except Exception as error:  # noqa: BLE001 - asserted on below
            failures.append(error)

    threads = [threading.Thread(target=write, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    ids = stored_ids(conn)
    assert sorted(ids) == sorted({uuid.UUID(int=n + 1) for batch in batches for _, n in batch})
    assert conn.execute("SELECT sum(event_count) FROM issues").fetchone() == (len(ids),)
    ledger = outcomes(conn)
    assert ledger["accepted", ""] == sum(map(len, batches))
    assert ledger["stored", ""] == len(ids)
    assert ledger.get(("dropped", "duplicate"), 0) == ledger["accepted", ""] - len(ids)
