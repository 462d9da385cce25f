"""Which events bring an issue back that was resolved or archived, and what is written down of it."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from mesher.storage.connection import connect
from mesher.storage.event_releases import ProjectRelease
from mesher.storage.partitions import make_partitions
from storing import NOW, NOW_US, PROJECT, issue, new_event, store

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as connection:
        make_partitions(connection, (NOW - timedelta(days=1)).date(), days_ahead=2)
        connection.execute(
            "WITH org AS (INSERT INTO organizations (name, slug) VALUES ('a', 'a') RETURNING id)"
            " INSERT INTO projects (id, org_id, name) SELECT %s, id, 'shop' FROM org",
            (PROJECT,),
        )
        yield connection


def release(conn, version: str, *, days_ago: float) -> None:
    """A release of the project that was made so long ago."""
    conn.execute(
        "WITH made AS (INSERT INTO releases (org_id, version, created_at)"
        " SELECT org_id, %s, %s FROM projects RETURNING id)"
        " INSERT INTO release_projects (release_id, project_id) SELECT id, %s FROM made",
        (version, NOW - timedelta(days=days_ago), PROJECT),
    )


def put_away(conn, status: str, *, resolution=None, archive=None) -> None:
    conn.execute(
        "UPDATE issues SET status = %s, substatus = NULL, status_changed_at = %s, resolution = %s,"
        " archive = %s",
        (status, NOW, resolution and Jsonb(resolution), archive and Jsonb(archive)),
    )


def later(seconds: float = 1.0, fingerprint: str = "f", **changes):
    return new_event(fingerprint, received_at_us=NOW_US + int(seconds * SECOND_US), **changes)


def activity(conn) -> list[dict]:
    cursor = conn.cursor(row_factory=dict_row)
    return cursor.execute("SELECT * FROM issue_activity ORDER BY id").fetchall()


AFTER = "after_release"
IN = "in_release"


@pytest.mark.parametrize(
    ("resolution", "event", "reopens"),
    [
        # Resolved as of now: whatever is received later, of any release or none.
        (None, None, True),
        (None, "1.0.0", True),
        # In the next release: the one before does not have the fix yet.
        ({AFTER: "1.2.0"}, "1.2.0", False),
        ({AFTER: "1.2.0"}, "1.1.0", False),
        ({AFTER: "1.2.0"}, "1.3.0", True),
        ({AFTER: "1.2.0"}, "1.10.0", True),  # not compared as text
        ({AFTER: "1.2.0"}, "1.2.0-rc.1", False),  # although it was made last
        ({AFTER: "1.2.0"}, "9.0.0", True),  # which nobody has made yet
        ({AFTER: "1.2.0"}, None, False),  # as in Sentry: from before releases were named
        # The next release has come meanwhile; the one before still does not reopen it.
        ({AFTER: "1.2.0", IN: "1.3.0"}, "1.2.0", False),
        ({AFTER: "1.2.0", IN: "1.3.0"}, "1.3.0", True),
        # In a named release: that one should have the fix.
        ({IN: "1.2.0"}, "1.2.0", True),
        ({IN: "1.2.0"}, "1.1.0", False),
        ({IN: "1.2.0"}, "1.3.0", True),
        ({IN: "1.2.0"}, None, False),
        # Names that tell nothing: by when the releases were made.
        ({AFTER: "commit-b"}, "commit-a", False),
        ({AFTER: "commit-b"}, "commit-b", False),
        ({AFTER: "commit-b"}, "commit-c", True),
        ({AFTER: "commit-b"}, "commit-new", True),
        ({IN: "commit-b"}, "commit-a", False),
        ({IN: "commit-b"}, "commit-b", True),
        # Its release was deleted: it is no reason any more to keep the issue resolved.
        ({AFTER: "commit-gone"}, "commit-a", True),
    ],
)
def test_an_event_reopens_a_resolved_issue_unless_it_is_from_before_the_fix(
    conn, resolution, event, reopens
):
    for days_ago, version in enumerate(
        ["1.2.0-rc.1", "1.10.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0"], start=1
    ):
        release(conn, version, days_ago=days_ago)
    for days_ago, version in enumerate(["commit-c", "commit-b", "commit-a"], start=1):
        release(conn, version, days_ago=days_ago)
    store(conn, new_event())
    put_away(conn, "resolved", resolution=resolution)
    store(conn, later(release=event))
    found = issue(conn)
    assert (found.status, found.event_count) == ("unresolved" if reopens else "resolved", 2)
    assert len(activity(conn)) == reopens


def test_a_release_that_the_same_batch_makes_is_newer_than_the_one_before(conn):
    release(conn, "commit-a", days_ago=1)
    store(conn, new_event())
    put_away(conn, "resolved", resolution={AFTER: "commit-a"})
    store(conn, later(release="commit-b"), new_releases={ProjectRelease(PROJECT, "commit-b")})
    assert issue(conn).status == "unresolved"


def test_an_issue_that_came_back_is_regressed_and_says_by_which_event(conn):
    store(conn, new_event())
    put_away(conn, "resolved", resolution={AFTER: "1.2.0"})
    late = later(-5, release="1.3.0")  # received before it was resolved
    old, cause, more = later(1, release="1.2.0"), later(2, release="1.3.0"), later(3)
    store(conn, more, cause, old, late)
    found = issue(conn)
    assert (found.status, found.substatus, found.resolution) == ("unresolved", "regressed", None)
    assert found.status_changed_at == NOW + timedelta(seconds=2)
    (entry,) = activity(conn)
    assert (entry["kind"], entry["issue_id"], entry["at"], entry["actor_name"]) == (
        "regressed",
        found.id,
        NOW + timedelta(seconds=2),
        None,
    )
    assert entry["details"] == {
        "event_id": str(cause.id),
        "release": "1.3.0",
        "resolution": {"after_release": "1.2.0", "in_release": None},
    }


def test_each_time_that_an_issue_comes_back_is_written_down_once(conn):
    store(conn, new_event())
    for _ in range(2):
        put_away(conn, "resolved")
        store(conn, later(1), later(2))
        store(conn, later(3))
    assert [entry["kind"] for entry in activity(conn)] == ["regressed", "regressed"]


def test_of_batches_at_once_one_brings_an_issue_back(conn, database_url):
    names = [f"f{number}" for number in range(5)]
    store(conn, *map(new_event, names))
    put_away(conn, "resolved")
    failures: list[Exception] = []

    def write(order: list[str]) -> None:
        try:
            with connect(database_url, application_name="test") as own:
                store(own, *(later(1, name) for name in order))
        except Exception as error:  # noqa: BLE001 - asserted on below
            failures.append(error)

    threads = [
        threading.Thread(target=write, args=(names[::step],)) for step in (1, -1, 1, -1, 1, -1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    brought_back = [entry["issue_id"] for entry in activity(conn)]
    assert sorted(brought_back) == sorted(issue(conn, name).id for name in names)
    assert all(issue(conn, name).event_count == 7 for name in names)


@pytest.mark.parametrize(
    "archive", [None, {"until": "2099-01-01T00:00:00Z"}, {"until_escalating": True}]
)
def test_events_alone_do_not_end_an_archive_that_waits_for_something_else(conn, archive):
    store(conn, new_event())
    put_away(conn, "archived", archive=archive)
    store(conn, *(later(second) for second in range(20)))
    assert (issue(conn).status, issue(conn).event_count) == ("archived", 21)
    assert activity(conn) == []


def test_an_archived_issue_comes_back_with_the_last_of_the_events_that_were_waited_for(conn):
    store(conn, new_event())
    put_away(conn, "archived", archive={"events": 5, "events_left": 5})
    store(conn, later(1), later(2))
    assert (issue(conn).status, issue(conn).archive["events_left"]) == ("archived", 3)
    awaited = [later(second) for second in (3, 4, 5, 6)]
    store(conn, *awaited)
    found = issue(conn)
    assert (found.status, found.substatus, found.archive) == ("unresolved", "ongoing", None)
    assert found.status_changed_at == NOW + timedelta(seconds=5)
    (entry,) = activity(conn)
    assert (entry["kind"], entry["details"]["because"]) == ("archive_ended", "events")
    assert entry["details"]["event_id"] == str(awaited[2].id)


@pytest.mark.parametrize(
    ("minutes", "comes_back"),
    [
        ([1, 2, 3], True),
        ([1, 11, 21], False),  # never three within ten minutes
        ([1, 11, 12, 20], True),
        ([0.5, 10.4, 10.6], False),  # the first is out of the window of the last
        ([-9, -8, 1], False),  # those before it was archived do not count
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_events_have_to_come_within_the_window_where_there_is_one(
    conn, minutes, comes_back, together
):
    store(conn, new_event())
    put_away(conn, "archived", archive={"events": 3, "window_minutes": 10})
    events = [new_event(received_at_us=NOW_US + int(at * MINUTE_US)) for at in minutes]
    for batch in [events] if together else [[event] for event in events]:
        store(conn, *batch)
    assert issue(conn).status == ("unresolved" if comes_back else "archived")


def test_batches_at_once_count_an_archived_issue_down_exactly(conn, database_url):
    store(conn, new_event())
    put_away(conn, "archived", archive={"events": 40, "events_left": 40})

    def write() -> None:
        with connect(database_url, application_name="test") as own:
            for _ in range(3):
                store(own, later(1), later(2), later(3))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert issue(conn).archive["events_left"] == 4
    store(conn, *(later(4) for _ in range(4)))
    assert issue(conn).status == "unresolved"
    assert len(activity(conn)) == 1


def test_what_happened_to_an_issue_goes_with_it(conn):
    store(conn, new_event())
    put_away(conn, "resolved")
    store(conn, later())
    conn.execute("DELETE FROM issues")
    assert activity(conn) == []


def test_an_event_of_a_project_that_was_deleted_meanwhile_still_brings_its_issue_back(conn):
    store(conn, new_event())
    put_away(conn, "resolved")
    conn.execute("DELETE FROM projects")
    store(conn, later(release="1.0"))
    assert issue(conn).status == "unresolved"
    assert activity(conn)[0]["at"] > datetime(2026, 1, 1, tzinfo=UTC)
    assert activity(conn)[0]["about_issue"] == uuid.UUID(str(issue(conn).id))
