"""Moving events between issues: what moves, what the issues count then, and what happens beside."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest

from mesher.errors import Conflict
from mesher.storage import issue_moves
from mesher.storage.connection import connect
from mesher.storage.issue_moves import Selection, delete_empty_issue, move_events
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

DAY_US = 86_400_000_000


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as connection:
        make_partitions(connection, (NOW - timedelta(days=1)).date(), days_ahead=1)
        yield connection


def move(conn, source: str, target: str, **only) -> int:
    return sum(
        move_events(
            conn,
            project_id=PROJECT,
            from_issue=issue(conn, source).id,
            to_issue=issue(conn, target).id,
            only=Selection(**only),
        )
    )


def figures(conn, fingerprint: str) -> tuple[int, int, int, str]:
    """Count, first and last time in microseconds after NOW, and level."""
    found = issue(conn, fingerprint)
    first, last = (
        round((moment - NOW).total_seconds() * 1e6)
        for moment in (found.first_seen, found.last_seen)
    )
    return found.event_count, first, last, found.level


def test_all_events_of_all_days_move_with_count_times_and_level(conn):
    store(conn, new_event("a", level="fatal", received_at_us=NOW_US + 5))
    store(conn, new_event("a", level="debug", received_at_us=NOW_US - DAY_US))
    store(conn, new_event("b", level="error"))
    assert move(conn, "a", "b") == 2
    assert figures(conn, "b") == (3, -DAY_US, 5, "fatal")
    check_hourly_counts(conn)
    assert issue(conn, "a").event_count == 0
    assert conn.execute("SELECT DISTINCT issue_id FROM events").fetchall() == [
        (issue(conn, "b").id,)
    ]


def test_what_is_left_gives_the_times_and_level_of_the_issue_that_was_moved_from(conn):
    edges = [("fatal", -7), ("info", -3), ("warning", 3), ("fatal", 9)]
    first, *_, last = events = [
        new_event("a", level=level, received_at_us=NOW_US + at) for level, at in edges
    ]
    store(conn, *events, new_event("b"))
    move(conn, "a", "b", event_ids=[first.id, last.id])
    assert figures(conn, "a") == (2, -3, 3, "warning")
    assert figures(conn, "b") == (3, -7, 9, "fatal")


def test_events_that_are_no_longer_kept_stay_counted_and_keep_the_first_time(conn):
    expired = new_event("a", received_at_us=NOW_US - 9)
    moved = new_event("a")
    store(conn, expired, moved, new_event("b"))
    conn.execute("DELETE FROM events WHERE id = %s", (expired.id,))
    assert move(conn, "a", "b") == 1
    assert figures(conn, "a")[:2] == (1, -9)


@pytest.mark.parametrize(
    "only",
    [
        {"fingerprints": ["x"]},
        {"release": "2.0"},
        {"frame": {"module": "till", "function": "pay"}},
        {"fingerprints": ["x", "y"], "release": "2.0"},
    ],
)
def test_only_selected_events_move(conn, only):
    wanted = new_event(
        "x",
        other_fingerprints=("a",),
        tags=b'{"release":"2.0"}',
        stacktrace=b'[{"module":"till","function":"pay","lineno":3},{"module":"run"}]',
    )
    unwanted = new_event("a", tags=b'{"release":"1"}', stacktrace=b'[{"module":"till"}]')
    store(conn, unwanted, new_event("b"))
    store(conn, wanted)
    assert move(conn, "a", "b", **only) == 1
    found = conn.execute("SELECT issue_id FROM events WHERE id = %s", (wanted.id,)).fetchone()
    assert found == (issue(conn, "b").id,)


def test_many_events_move_in_several_steps(conn, monkeypatch):
    monkeypatch.setattr(issue_moves, "BATCH_EVENTS", 3)
    store(conn, *(new_event("a", received_at_us=NOW_US - n // 2) for n in range(10)))
    store(conn, new_event("b"))
    steps = move_events(
        conn,
        project_id=PROJECT,
        from_issue=issue(conn, "a").id,
        to_issue=issue(conn, "b").id,
    )
    assert list(steps) == [3, 3, 3, 1]
    assert issue(conn, "b").event_count == 11


def test_a_new_issue_takes_its_times_from_what_is_moved_to_it(conn):
    store(conn, new_event("a", level="fatal", received_at_us=NOW_US - 5))
    conn.execute(
        "INSERT INTO issues (project_id, fingerprint, title, level)"
        " VALUES (%s, 'new', 'new', 'info')",
        (PROJECT,),
    )
    move(conn, "a", "new")
    assert figures(conn, "new") == (1, -5, -5, "fatal")


def test_events_of_an_issue_that_is_gone_move_without_being_counted_again(conn):
    store(conn, new_event("a"), new_event("b"))
    gone = issue(conn, "a").id
    conn.execute("DELETE FROM issues WHERE id = %s", (gone,))
    target = issue(conn, "b").id
    steps = move_events(conn, project_id=PROJECT, from_issue=gone, to_issue=target)
    assert list(steps) == [1]
    assert issue(conn, "b").event_count == 1


def test_nothing_moves_to_an_issue_that_is_gone(conn):
    store(conn, new_event("a"))
    steps = move_events(
        conn, project_id=PROJECT, from_issue=issue(conn, "a").id, to_issue=uuid.uuid4()
    )
    with pytest.raises(Conflict):
        next(steps)
    assert issue(conn, "a").event_count == 1


def test_events_of_another_project_are_not_touched(conn):
    store(conn, new_event("a", project_id=OTHER_PROJECT), new_event("b"))
    assert move(conn, "a", "b") == 0


def test_an_issue_is_removed_only_when_it_is_empty(conn):
    store(conn, new_event("a"), new_event("b"))
    emptied = issue(conn, "a").id
    assert not delete_empty_issue(conn, project_id=PROJECT, issue_id=emptied)
    move(conn, "a", "b")
    assert delete_empty_issue(conn, project_id=PROJECT, issue_id=emptied)
    assert issue(conn, "a") is None


def test_counts_are_exact_while_events_move_both_ways_and_batches_are_stored(
    conn, database_url, monkeypatch
):
    monkeypatch.setattr(issue_moves, "BATCH_EVENTS", 7)
    store(conn, new_event("a"), new_event("b"))
    failures: list[Exception] = []

    def run(work) -> None:
        try:
            with connect(database_url, application_name="test") as own:
                for round_number in range(8):
                    work(own, round_number)
        except Exception as error:  # noqa: BLE001 - asserted on below
            failures.append(error)

    def digest(own, _) -> None:
        store(own, *(new_event(letter) for letter in "abba" * 10))

    def move_there(own, _) -> None:
        move(own, "a", "b")

    def move_back(own, _) -> None:
        move(own, "b", "a", fingerprints=["a"])

    threads = [
        threading.Thread(target=run, args=(work,))
        for work in (digest, digest, move_there, move_back)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    counted = conn.execute("SELECT id, event_count FROM issues ORDER BY id").fetchall()
    stored = conn.execute(
        "SELECT issue_id, count(*) FROM events GROUP BY issue_id ORDER BY issue_id"
    ).fetchall()
    assert [row for row in counted if row[1]] == stored
    assert sum(count for _, count in counted) == 2 + 2 * 8 * 40


def test_an_issue_that_people_have_written_about_stays_without_events(conn):
    store(conn, new_event("a"), new_event("b"))
    emptied = issue(conn, "a").id
    move(conn, "a", "b")
    conn.execute(
        "INSERT INTO issue_activity (project_id, issue_id, about_issue, kind, comment)"
        " VALUES (%s, %s, %s, 'comment', 'see the wiki')",
        (PROJECT, emptied, emptied),
    )
    assert not delete_empty_issue(conn, project_id=PROJECT, issue_id=emptied)
    assert issue(conn, "a").event_count == 0
