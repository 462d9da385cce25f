"""Merging and splitting issues, and taking it back: events, counts, and what happens next."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest

from mesher.errors import Conflict, NotFound, ProtocolError
from mesher.storage import issue_moves
from mesher.storage.connection import connect
from mesher.storage.issue_changes import Author, Change, continue_change, find_unfinished
from mesher.storage.issue_merges import merge_issues, undo_merge
from mesher.storage.issue_splits import Looks, Splitting, split_issue, undo_split
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

ADA = Author(user_id=uuid.UUID(int=7), name="ada")
LOOKS = Looks(title="split off", culprit="", platform="python", grouping=None)
RELEASE_2 = {"tags": b'{"release":"2"}'}


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as connection:
        make_partitions(connection, (NOW - timedelta(days=1)).date(), days_ahead=1)
        connection.execute(
            "WITH org AS (INSERT INTO organizations (name, slug) VALUES ('a', 'a') RETURNING id)"
            " INSERT INTO projects (id, org_id, name) SELECT %s, id, 'shop' FROM org",
            (PROJECT,),
        )
        yield connection


def merge(conn, target: str, *sources: str) -> list[Change]:
    with conn.transaction():
        changes = merge_issues(
            conn,
            project_id=PROJECT,
            target=issue(conn, target).id,
            sources=[issue(conn, source).id for source in sources],
            author=ADA,
        )
    finish(conn)
    return changes


def split(conn, fingerprint: str, **by) -> Change:
    with conn.transaction():
        change = split_issue(
            conn,
            project_id=PROJECT,
            issue_id=issue(conn, fingerprint).id,
            by=Splitting(**by),
            looks=LOOKS,
            author=ADA,
        )
    finish(conn)
    return change


def undo(conn, change: Change) -> None:
    act = undo_merge if change.kind == "merge" else undo_split
    with conn.transaction():
        act(conn, project_id=PROJECT, change_id=change.id, author=ADA)
    finish(conn)


def finish(conn) -> None:
    """Move the events, as the request or the jobs process does."""
    for change in find_unfinished(conn):
        assert sum(continue_change(conn, change)) >= 0


def counts(conn) -> dict[str, int]:
    """Events of each issue, by its own fingerprint; the rows that are stored say the same."""
    counted = {
        fingerprint: (issue_id, count)
        for fingerprint, issue_id, count in conn.execute(
            "SELECT fingerprint, id, event_count FROM issues"
        )
    }
    stored = dict(conn.execute("SELECT issue_id, count(*) FROM events GROUP BY issue_id"))
    assert {issue_id: count for issue_id, count in counted.values() if count} == stored
    check_hourly_counts(conn)
    return {fingerprint: count for fingerprint, (_, count) in counted.items()}


def row(conn, issue_id: uuid.UUID):
    return conn.execute("SELECT * FROM issues WHERE id = %s", (issue_id,)).fetchone()


def test_a_merge_brings_events_counts_and_times_to_the_target(conn):
    store(conn, new_event("a", level="fatal", received_at_us=NOW_US + 9), new_event("a"))
    store(conn, new_event("b", received_at_us=NOW_US - 5), new_event("c"))
    merge(conn, "c", "a", "b")
    assert counts(conn) == {"c": 4}
    target = issue(conn, "c")
    assert (target.first_seen, target.last_seen, target.level) == (
        NOW - timedelta(microseconds=5),
        NOW + timedelta(microseconds=9),
        "fatal",
    )


def test_events_that_come_after_a_merge_go_to_the_target(conn):
    store(conn, new_event("a"), new_event("b"))
    merge(conn, "b", "a")
    store(conn, new_event("a"), new_event("b"))
    assert counts(conn) == {"b": 4}


def test_a_merged_issue_comes_back_as_it_was_with_the_events_that_came_since(conn):
    store(conn, new_event("a"), new_event("a"), new_event("b"))
    conn.execute("UPDATE issues SET status = 'archived' WHERE fingerprint = 'a'")
    before = row(conn, issue(conn, "a").id)
    [change] = merge(conn, "b", "a")
    store(conn, new_event("a", received_at_us=NOW_US + 3))
    undo(conn, change)
    assert counts(conn) == {"a": 3, "b": 1}
    assert issue(conn, "a").last_seen == NOW + timedelta(microseconds=3)
    conn.execute(
        "UPDATE issues SET event_count = 2, last_seen = %s WHERE fingerprint = 'a'", (NOW,)
    )
    assert row(conn, before[0]) == before
    store(conn, new_event("a"))
    assert issue(conn, "a").event_count == 3


def test_the_target_of_an_undone_merge_is_as_it_was(conn):
    store(
        conn, new_event("a", received_at_us=NOW_US - 9), new_event("a", received_at_us=NOW_US + 9)
    )
    store(conn, new_event("b", level="info"), new_event("b", received_at_us=NOW_US - 1))
    before = row(conn, issue(conn, "b").id)
    [change] = merge(conn, "b", "a")
    undo(conn, change)
    assert row(conn, before[0]) == before


def test_what_is_no_longer_kept_stays_counted_through_a_merge_and_its_undoing(conn):
    expired = [new_event(letter, received_at_us=NOW_US - 9 + n) for n, letter in enumerate("ab")]
    store(conn, *expired, new_event("a"), new_event("b"))
    before = [row(conn, issue(conn, letter).id) for letter in "ab"]
    conn.execute("DELETE FROM events WHERE id = ANY (%s)", ([event.id for event in expired],))
    [change] = merge(conn, "b", "a")
    assert issue(conn, "b").event_count == 4
    undo(conn, change)
    assert [row(conn, issue(conn, letter).id) for letter in "ab"] == before


def test_of_several_merged_issues_each_comes_back_alone(conn):
    store(conn, *(new_event(letter) for letter in "abbccc"))
    to_a = merge(conn, "a", "b", "c")
    undo(conn, to_a[0])
    assert counts(conn) == {"a": 4, "b": 2}
    undo(conn, to_a[1])
    assert counts(conn) == {"a": 1, "b": 2, "c": 3}


def test_a_chain_of_merges_is_undone_from_its_end(conn):
    store(conn, new_event("a"), new_event("b"), new_event("c"))
    [first] = merge(conn, "b", "a")
    [second] = merge(conn, "c", "b")
    store(conn, new_event("a"))
    assert counts(conn) == {"c": 4}
    with pytest.raises(Conflict, match="cannot be undone"):
        undo(conn, first)
    undo(conn, second)
    assert counts(conn) == {"b": 3, "c": 1}
    undo(conn, first)
    assert counts(conn) == {"a": 2, "b": 1, "c": 1}


def test_a_change_is_undone_once(conn):
    store(conn, new_event("a"), new_event("b"))
    [change] = merge(conn, "b", "a")
    undo(conn, change)
    with pytest.raises(Conflict, match="undone already"):
        undo(conn, change)


def test_a_merge_that_still_moves_events_can_be_neither_undone_nor_merged_on(conn):
    store(conn, new_event("a"), new_event("b"), new_event("c"))
    ids = {letter: issue(conn, letter).id for letter in "abc"}
    with conn.transaction():
        [change] = merge_issues(
            conn, project_id=PROJECT, target=ids["b"], sources=[ids["a"]], author=ADA
        )
    with pytest.raises(Conflict, match="still moving"):
        undo_merge(conn, project_id=PROJECT, change_id=change.id, author=ADA)
    with pytest.raises(Conflict, match="still being moved"):
        merge_issues(conn, project_id=PROJECT, target=ids["c"], sources=[ids["b"]], author=ADA)


def test_an_interrupted_move_goes_on_where_it_was(conn, monkeypatch):
    monkeypatch.setattr(issue_moves, "BATCH_EVENTS", 2)
    store(conn, *(new_event("a") for _ in range(5)), new_event("b"))
    with conn.transaction():
        [change] = merge_issues(
            conn,
            project_id=PROJECT,
            target=issue(conn, "b").id,
            sources=[issue(conn, "a").id],
            author=ADA,
        )
    assert next(continue_change(conn, change)) == 2
    [unfinished] = find_unfinished(conn)
    assert unfinished.moved_events == 2
    finish(conn)
    assert find_unfinished(conn) == []
    assert counts(conn) == {"b": 6}
    assert conn.execute("SELECT state, moved_events FROM issue_changes").fetchall() == [("done", 5)]


def test_an_issue_of_another_project_or_none_cannot_be_merged(conn):
    store(conn, new_event("a"), new_event("b", project_id=OTHER_PROJECT))
    for source in (issue(conn, "b").id, uuid.uuid4()):
        with pytest.raises(NotFound):
            merge_issues(
                conn, project_id=PROJECT, target=issue(conn, "a").id, sources=[source], author=ADA
            )


def test_an_issue_cannot_be_merged_into_itself(conn):
    store(conn, new_event("a"))
    with pytest.raises(ProtocolError, match="itself"):
        merge(conn, "a", "a")


@pytest.mark.parametrize("leaving", ["a", "b"])
def test_a_fingerprint_is_split_off_with_its_events_to_come(conn, leaving):
    store(conn, new_event("a"), new_event("b"), new_event("b"))
    merge(conn, "a", "b")
    change = split(conn, "a", fingerprints=[leaving])
    store(conn, new_event("a"), new_event("b"))
    assert counts(conn) == {"a": 2, "b": 3}
    assert row(conn, change.other_id)[2:4] == (leaving, "split off")


def test_the_last_fingerprint_of_an_issue_cannot_be_split_off(conn):
    store(conn, new_event("a"))
    with pytest.raises(Conflict, match="no fingerprint would be left"):
        split(conn, "a", fingerprints=["a"])


@pytest.mark.parametrize(
    ("by", "matching"),
    [
        ({"release": "2"}, RELEASE_2),
        ({"frame": {"function": "pay"}}, {"stacktrace": b'[{"function":"pay"}]'}),
        (
            {"release": "2", "frame": {"function": "pay"}},
            {**RELEASE_2, "stacktrace": b'[{"function":"pay"}]'},
        ),
    ],
)
def test_events_of_a_release_or_call_are_split_off_with_those_to_come(conn, by, matching):
    store(conn, new_event("a"), new_event("a", **matching))
    change = split(conn, "a", **by)
    store(conn, new_event("a"), new_event("a", **matching), new_event("a", **matching))
    split_off = next(name for name in counts(conn) if name != "a")
    assert counts(conn) == {"a": 2, split_off: 3}
    undo(conn, change)
    assert counts(conn) == {"a": 5}
    store(conn, new_event("a", **matching))
    assert counts(conn) == {"a": 6}
    bound = conn.execute("SELECT fingerprint FROM issue_fingerprints").fetchall()
    assert bound == [("a",)]


def test_an_undone_split_brings_the_fingerprint_back(conn):
    store(conn, new_event("a"), new_event("b"))
    merge(conn, "a", "b")
    change = split(conn, "a", fingerprints=["a"])
    store(conn, new_event("a"))
    undo(conn, change)
    assert counts(conn) == {"b": 3}
    store(conn, new_event("a"), new_event("b"))
    assert counts(conn) == {"b": 5}


def test_a_split_off_release_that_was_merged_elsewhere_comes_back_from_there(conn):
    store(conn, new_event("a"), new_event("a", **RELEASE_2), new_event("b"))
    change = split(conn, "a", release="2")
    name = next(name for name in counts(conn) if name not in "ab")
    [merged] = merge(conn, "b", name)
    store(conn, new_event("a", **RELEASE_2))
    assert counts(conn) == {"a": 1, "b": 3}
    with pytest.raises(Conflict, match="cannot be undone"):
        undo(conn, change)
    undo(conn, merged)
    assert counts(conn) == {"a": 1, "b": 1, name: 2}
    store(conn, new_event("a", **RELEASE_2))
    assert counts(conn)[name] == 3


def test_a_merge_whose_fingerprints_were_split_off_since_is_not_undone_before_the_split(conn):
    store(conn, new_event("a"), new_event("b"))
    [merged] = merge(conn, "a", "b")
    change = split(conn, "a", fingerprints=["b"])
    with pytest.raises(Conflict, match="cannot be undone"):
        undo(conn, merged)
    undo(conn, change)
    undo(conn, merged)
    assert counts(conn) == {"a": 1, "b": 1}


def test_a_split_is_not_undone_before_what_was_merged_into_it(conn):
    store(conn, new_event("a"), new_event("b"), new_event("c"))
    merge(conn, "a", "b")
    change = split(conn, "a", fingerprints=["b"])
    merge(conn, "b", "c")
    with pytest.raises(Conflict, match="merged into"):
        undo(conn, change)


def test_what_was_split_off_by_a_condition_is_not_split_by_another(conn):
    store(conn, new_event("a"), new_event("a", **RELEASE_2))
    split(conn, "a", release="2")
    name = next(name for name in counts(conn) if name != "a")
    with pytest.raises(Conflict, match="itself split off"):
        split(conn, name, frame={"function": "pay"})


@pytest.mark.parametrize(
    "by",
    [
        {},
        {"fingerprints": ["a"], "release": "2"},
        {"frame": {"file": "till.py"}},
        {"fingerprints": ["unknown"]},
    ],
)
def test_a_split_by_nothing_that_there_is_is_refused(conn, by):
    store(conn, new_event("a"))
    with pytest.raises(ProtocolError):
        split(conn, "a", **by)


def test_a_column_that_was_added_since_the_merge_does_not_stop_its_undoing(conn):
    store(conn, new_event("a"), new_event("b"))
    [change] = merge(conn, "b", "a")
    conn.execute("ALTER TABLE issues ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal'")
    undo(conn, change)
    assert counts(conn) == {"a": 1, "b": 1}


def test_no_event_is_lost_or_miscounted_by_merges_beside_batches(conn, database_url, monkeypatch):
    monkeypatch.setattr(issue_moves, "BATCH_EVENTS", 5)
    store(conn, *(new_event(letter) for letter in "abc"))
    failures: list[Exception] = []

    def digest() -> None:
        try:
            with connect(database_url, application_name="test") as own:
                for _ in range(12):
                    store(own, *(new_event(letter) for letter in "cabacb" * 4))
        except Exception as error:  # noqa: BLE001 - asserted on below
            failures.append(error)

    digesters = [threading.Thread(target=digest) for _ in range(2)]
    for digester in digesters:
        digester.start()
    for _ in range(4):
        done = merge(conn, "a", "b", "c")
        for change in done:
            undo(conn, change)
    merge(conn, "a", "b", "c")
    for digester in digesters:
        digester.join()
    finish(conn)
    assert failures == []
    assert counts(conn) == {"a": 3 + 2 * 12 * 24}


def write(conn, fingerprint: str, comment: str) -> None:
    found = issue(conn, fingerprint)
    conn.execute(
        "INSERT INTO issue_activity (project_id, issue_id, about_issue, kind, comment)"
        " VALUES (%s, %s, %s, 'comment', %s)",
        (PROJECT, found.id, found.id, comment),
    )


def written(conn, fingerprint: str) -> list[str]:
    """The comments on an issue, and what else happened to it, in order."""
    rows = conn.execute(
        "SELECT coalesce(comment, kind) FROM issue_activity WHERE issue_id = %s ORDER BY id",
        (issue(conn, fingerprint).id,),
    )
    return [text for (text,) in rows]


def test_comments_follow_a_merge_and_go_back_when_it_is_undone(conn):
    store(conn, new_event("a"), new_event("b"))
    write(conn, "a", "of a")
    write(conn, "b", "of b")
    [change] = merge(conn, "b", "a")
    assert written(conn, "b") == ["of a", "of b", "merged"]
    write(conn, "b", "after the merge")
    undo(conn, change)
    assert written(conn, "a") == ["of a"]
    assert written(conn, "b") == ["of b", "merged", "after the merge", "unmerged"]


def test_comments_go_back_through_merges_of_merges(conn):
    store(conn, *map(new_event, "abc"))
    for name in "abc":
        write(conn, name, f"of {name}")
    [first] = merge(conn, "b", "a")
    [second] = merge(conn, "c", "b")
    assert written(conn, "c") == ["of a", "of b", "of c", "merged", "merged"]
    undo(conn, second)
    assert written(conn, "b") == ["of a", "of b", "merged"]
    assert written(conn, "c") == ["of c", "merged", "unmerged"]
    undo(conn, first)
    assert (written(conn, "a"), written(conn, "b")) == (["of a"], ["of b", "merged", "unmerged"])


def test_a_merge_says_in_the_activity_what_was_merged_and_by_whom(conn):
    store(conn, new_event("a"), new_event("b"))
    merged = issue(conn, "a").id
    [change] = merge(conn, "b", "a")
    row = conn.execute("SELECT kind, actor_name, details FROM issue_activity").fetchone()
    details = {"change_id": str(change.id), "issue_id": str(merged), "title": "title of a"}
    assert row == ("merged", "ada", details)


def test_comments_on_what_was_split_off_come_along_when_that_is_undone(conn):
    store(conn, new_event("a"), new_event("a", **RELEASE_2))
    write(conn, "a", "before")
    change = split(conn, "a", release="2")
    conn.execute(
        "INSERT INTO issue_activity (project_id, issue_id, about_issue, kind, comment)"
        " VALUES (%s, %s, %s, 'comment', 'of the part')",
        (PROJECT, change.other_id, change.other_id),
    )
    undo(conn, change)
    assert written(conn, "a") == ["before", "split", "of the part", "unsplit"]


def test_a_merge_that_an_earlier_release_made_can_still_be_undone(conn):
    store(conn, new_event("a"), new_event("b"))
    [change] = merge(conn, "b", "a")
    conn.execute(
        "UPDATE issue_changes SET details = (details - 'about') || jsonb_build_object('row',"
        " (details -> 'row') - 'substatus' - 'resolution' - 'archive')"
    )
    undo(conn, change)
    assert (issue(conn, "a").event_count, issue(conn, "a").substatus) == (1, "new")
