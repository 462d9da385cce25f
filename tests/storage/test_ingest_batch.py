"""What a batch of events leaves in the database, alone and beside other batches."""

from __future__ import annotations

import threading
import uuid
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesher.storage.connection import connect
from mesher.storage.ingest_batch import (
    PositionMoved,
    QuarantinedRecord,
    read_position,
)
from mesher.storage.new_events import NewEvent
from mesher.storage.partitions import make_partitions
from storing import (
    NOW,
    NOW_US,
    OTHER_PROJECT,
    PROJECT,
    check_hourly_counts,
    issue,
    new_event,
    store,
)
from waiting import wait_until


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as connection:
        make_partitions(connection, NOW.date(), days_ahead=0)
        make_partitions(connection, (NOW - timedelta(days=1)).date(), days_ahead=0)
        yield connection


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
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.sampled_from(["", "d", "ed"])),
        min_size=1,
        max_size=12,
    ),
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
    """Each number is an event id, so batches share some; each letter a fingerprint."""
    for table in ("events", "issues", "event_ids", "outcomes", "issue_counts", "project_counts"):
        conn.execute(f"TRUNCATE {table} CASCADE")
    failures: list[Exception] = []

    def write(batch: list[tuple[str, int, str]]) -> None:
        events = [
            new_event(letter, id=uuid.UUID(int=n + 1), other_fingerprints=tuple(others))
            for letter, n, others in batch
        ]
        try:
            with connect(database_url, application_name="test") as own:
                store(own, *events)
        except Exception as error:  # noqa: BLE001 - asserted on below
            failures.append(error)

    threads = [threading.Thread(target=write, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    ids = stored_ids(conn)
    assert sorted(ids) == sorted({uuid.UUID(int=n + 1) for batch in batches for _, n, _ in batch})
    assert conn.execute("SELECT sum(event_count) FROM issues").fetchone() == (len(ids),)
    check_hourly_counts(conn)
    misplaced = conn.execute(
        "SELECT e.id FROM events AS e JOIN issue_fingerprints AS b USING (project_id, fingerprint)"
        " WHERE b.issue_id <> e.issue_id"
    )
    assert misplaced.fetchall() == []
    ledger = outcomes(conn)
    assert ledger["accepted", ""] == sum(map(len, batches))
    assert ledger["stored", ""] == len(ids)
    assert ledger.get(("dropped", "duplicate"), 0) == ledger["accepted", ""] - len(ids)


def issue_count(conn) -> int:
    return conn.execute("SELECT count(*) FROM issues").fetchone()[0]


def bindings(conn) -> dict[str, uuid.UUID]:
    return dict(conn.execute("SELECT fingerprint, issue_id FROM issue_fingerprints").fetchall())


def test_a_new_issue_is_bound_to_its_fingerprint_and_to_the_others_of_its_event(conn):
    store(conn, new_event("new", other_fingerprints=("old", "system")))
    made = issue(conn, "new").id
    assert bindings(conn) == {"new": made, "old": made, "system": made}


def test_an_event_goes_to_the_issue_of_the_first_of_its_fingerprints_that_is_bound(conn):
    store(conn, new_event("b"), new_event("c"))
    store(conn, new_event("a", other_fingerprints=("x", "c", "b")))
    assert issue_count(conn) == 2
    assert issue(conn, "c").event_count == 2
    assert bindings(conn)["a"] == bindings(conn)["x"] == issue(conn, "c").id


def test_the_own_fingerprint_of_an_event_decides_before_its_others(conn):
    store(conn, new_event("a"), new_event("b"))
    store(conn, new_event("a", other_fingerprints=("b",)))
    assert (issue(conn, "a").event_count, issue(conn, "b").event_count) == (2, 1)


def test_events_of_one_batch_that_share_a_new_fingerprint_are_one_issue(conn):
    store(
        conn,
        new_event("a", other_fingerprints=("shared",)),
        new_event("b", other_fingerprints=("shared",)),
    )
    assert conn.execute("SELECT event_count FROM issues").fetchall() == [(2,)]
    assert set(bindings(conn)) == {"a", "b", "shared"}


def test_the_stored_event_keeps_its_own_fingerprint_in_an_issue_of_another(conn):
    store(conn, new_event("old"))
    event = new_event("new", other_fingerprints=("old",))
    store(conn, event)
    row = conn.execute(
        "SELECT fingerprint, issue_id FROM events WHERE id = %s", (event.id,)
    ).fetchone()
    assert row == ("new", issue(conn, "old").id)


def test_events_go_where_their_fingerprint_was_bound_to_since(conn):
    store(conn, new_event("a"), new_event("b"))
    conn.execute(
        "UPDATE issue_fingerprints SET issue_id = %s WHERE fingerprint = 'a'",
        (issue(conn, "b").id,),
    )
    store(conn, new_event("a"))
    assert (issue(conn, "a").event_count, issue(conn, "b").event_count) == (1, 2)


def test_the_other_fingerprints_of_a_discarded_issue_are_discarded_too(conn):
    store(conn, new_event("a"))
    set_status(conn, "discarded", NOW)
    store(conn, new_event("b", other_fingerprints=("a",)))
    assert issue_count(conn) == 1
    assert len(stored_ids(conn)) == 1


def add_route(conn, fingerprint: str, condition: str, to: uuid.UUID) -> None:
    conn.execute(
        "INSERT INTO issue_routes (project_id, fingerprint, condition, issue_id)"
        " VALUES (%s, %s, %s, %s)",
        (PROJECT, fingerprint, condition, to),
    )
    conn.execute(
        "UPDATE issue_fingerprints SET has_routes = true WHERE fingerprint = %s", (fingerprint,)
    )


@pytest.mark.parametrize(
    ("condition", "matching", "other"),
    [
        (
            '{"release": "2.0"}',
            {"tags": b'{"release":"2.0"}'},
            {"tags": b'{"release":"2.0.1"}'},
        ),
        (
            '{"frame": {"module": "till", "function": "pay"}}',
            {"stacktrace": b'[{"function":"run"},{"module":"till","function":"pay"}]'},
            {"stacktrace": b'[{"module":"till"},{"module":"shop","function":"pay"}]'},
        ),
        (
            '{"frame": {"function": "pay"}}',
            {"stacktrace": b'[{"module":"till","function":"pay"}]'},
            {"stacktrace": None},
        ),
    ],
)
def test_events_that_meet_the_condition_of_a_route_go_to_its_issue(
    conn, condition, matching, other
):
    store(conn, new_event("a"), new_event("b"))
    add_route(conn, "a", condition, issue(conn, "b").id)
    store(conn, new_event("a", **matching), new_event("a", **other))
    assert (issue(conn, "a").event_count, issue(conn, "b").event_count) == (2, 2)


def test_an_issue_that_is_deleted_while_a_batch_waits_for_it_is_made_and_bound_anew(
    conn, database_url
):
    store(conn, new_event("a", other_fingerprints=("old",)))
    before = issue(conn, "a").id
    with connect(database_url, application_name="test") as deleting:
        with deleting.transaction():
            deleting.execute("DELETE FROM issues")
            writer = threading.Thread(target=_store_alone, args=(database_url, new_event("old")))
            writer.start()
            wait_until(lambda: _waiting(conn) == 1)
        writer.join()
    made = issue(conn, "a").id
    assert made != before
    assert issue(conn, "a").event_count == 1
    assert bindings(conn) == {"a": made, "old": made}


def _store_alone(database_url: str, *events: NewEvent) -> None:
    with connect(database_url, application_name="test") as own:
        store(own, *events)


def _waiting(conn) -> int:
    """How many sessions wait for a lock."""
    return conn.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    ).fetchone()[0]
