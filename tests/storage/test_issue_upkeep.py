"""What becomes of issues as time goes on."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb

from mesher.storage.connection import connect
from mesher.storage.issue_upkeep import age_issues, tend_issues
from mesher.storage.partitions import make_partitions
from storing import NOW, PROJECT, issue, new_event, store


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as connection:
        make_partitions(connection, NOW.date(), days_ahead=1)
        connection.execute(
            "WITH org AS (INSERT INTO organizations (name, slug) VALUES ('a', 'a') RETURNING id)"
            " INSERT INTO projects (id, org_id, name) SELECT %s, id, 'shop' FROM org",
            (PROJECT,),
        )
        yield connection


def tend(conn, **later) -> int:
    return sum(tend_issues(conn, NOW + timedelta(**later)))


def release(conn, version: str, *, hours_ago: float) -> None:
    conn.execute(
        "WITH made AS (INSERT INTO releases (org_id, version, created_at)"
        " SELECT org_id, %s, %s FROM projects RETURNING id)"
        " INSERT INTO release_projects (release_id, project_id) SELECT id, %s FROM made",
        (version, NOW - timedelta(hours=hours_ago), PROJECT),
    )


def archive(conn, fingerprint: str, **until) -> None:
    conn.execute(
        "UPDATE issues SET status = 'archived', substatus = NULL, archive = %s"
        " WHERE fingerprint = %s",
        (Jsonb({"until": (NOW + timedelta(**until)).isoformat()}), fingerprint),
    )


def resolve_after(conn, version: str) -> None:
    conn.execute(
        "UPDATE issues SET status = 'resolved', substatus = NULL, resolution = %s",
        (Jsonb({"after_release": version, "in_release": None}),),
    )


def test_an_archive_ends_when_its_time_has_come_and_says_so_once(conn):
    store(conn, new_event("a"), new_event("b"))
    archive(conn, "a", minutes=10)
    archive(conn, "b", minutes=30)
    assert tend(conn, minutes=9) == 0
    assert tend(conn, minutes=10) == 1
    assert tend(conn, minutes=11) == 0
    ended, waiting = issue(conn, "a"), issue(conn, "b")
    assert (ended.status, ended.substatus, ended.archive) == ("unresolved", "ongoing", None)
    assert waiting.status == "archived"
    rows = conn.execute("SELECT issue_id, kind, details ->> 'because' FROM issue_activity")
    assert rows.fetchall() == [(ended.id, "archive_ended", "time")]


def test_an_issue_that_is_held_by_a_batch_is_left_for_the_next_run(conn, database_url):
    store(conn, new_event())
    archive(conn, "f", minutes=0)
    with connect(database_url, application_name="test") as other, other.transaction():
        other.execute("UPDATE issues SET event_count = 2")
        assert tend(conn) == 0
    assert tend(conn) == 1


@pytest.mark.parametrize(
    ("after", "made", "named"),
    [
        ("1.2.0", [], None),
        ("1.2.0", ["1.1.9"], None),  # a fix of an older line
        ("1.2.0", ["1.1.9", "1.3.0", "1.4.0"], "1.3.0"),  # the first that is newer
        ("commit-a", ["commit-b", "commit-c"], "commit-b"),
        ("1.2.0", ["nightly"], "nightly"),
    ],
)
def test_the_next_release_gets_its_name_when_it_is_made(conn, after, made, named):
    release(conn, "0.9", hours_ago=20)
    release(conn, after, hours_ago=10)
    for place, version in enumerate(made):
        release(conn, version, hours_ago=9 - place)
    store(conn, new_event())
    resolve_after(conn, after)
    tend(conn)
    assert issue(conn).resolution == {"after_release": after, "in_release": named}
    assert issue(conn).status == "resolved"


def test_a_release_that_was_deleted_is_followed_by_those_that_are_newer_by_name(conn):
    store(conn, new_event("a"))
    resolve_after(conn, "1.2.0")
    assert tend(conn) == 0  # without any release, too
    release(conn, "unrelated", hours_ago=3)
    release(conn, "1.3.0", hours_ago=2)
    tend(conn)
    assert issue(conn, "a").resolution["in_release"] == "1.3.0"


def test_what_was_new_or_came_back_a_week_ago_is_ongoing(conn):
    store(conn, *map(new_event, "abcd"))
    conn.execute(
        "UPDATE issues SET substatus = 'regressed', status_changed_at = %s WHERE fingerprint = 'b'",
        (NOW + timedelta(days=2),),
    )
    conn.execute("UPDATE issues SET status = 'archived', substatus = NULL WHERE fingerprint = 'c'")

    def substatus_after(days: float) -> list[str | None]:
        list(age_issues(conn, NOW + timedelta(days=days)))
        return [issue(conn, name).substatus for name in "abc"]

    assert substatus_after(6.9) == ["new", "regressed", None]
    assert substatus_after(7.1) == ["ongoing", "regressed", None]
    assert substatus_after(9.1) == ["ongoing", "ongoing", None]


def test_more_than_a_step_takes_are_all_changed(conn, monkeypatch):
    monkeypatch.setattr("mesher.storage.issue_upkeep.BATCH_ISSUES", 2)
    store(conn, *map(new_event, "abcde"))
    assert list(age_issues(conn, NOW + timedelta(days=8))) == [2, 2, 1]


def test_changes_of_many_issues_are_forgotten_when_they_cannot_be_undone_any_more(conn):
    org_id = conn.execute("SELECT id FROM organizations").fetchone()[0]
    for hours in (0, 1.5, 2.5):
        conn.execute(
            "INSERT INTO issue_actions (id, org_id, made_at, issues) VALUES (%s, %s, %s, '[]')",
            (uuid.uuid4(), org_id, NOW - timedelta(hours=hours)),
        )
    tend(conn)
    assert conn.execute("SELECT count(*) FROM issue_actions").fetchone() == (2,)
