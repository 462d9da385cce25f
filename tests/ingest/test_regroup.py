"""Stored events grouped anew, and moved to where that puts them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from captures import event_payloads, read_captures
from mesher.errors import Conflict
from mesher.grouping.rules.ruleset import checked_rules
from mesher.grouping.versions import Grouper
from mesher.ingest.regroup import Look, apply_plan, by_grouper, look_at, plan_of
from mesher.storage.connection import connect
from mesher.storage.issue_moves import BATCH_EVENTS
from shards import PROJECT, Shard


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as conn:
        yield conn


@pytest.fixture
def shard(tmp_path, conn):
    shard = Shard(tmp_path / "000", conn)
    yield shard
    shard.close()


def body(message: str, **tags: str) -> bytes:
    return json.dumps({"message": message, "tags": tags}).encode()


def look(conn, rules: str) -> tuple[Look, object]:
    found = Look()
    since = datetime.now(UTC) - timedelta(days=1)
    regroup = by_grouper(Grouper(checked_rules(rules)))
    for _ in look_at(conn, PROJECT, found, regroup, since=since):
        pass
    return found, plan_of(conn, PROJECT, found)


def apply(conn, rules: str) -> list[int]:
    return list(apply_plan(conn, PROJECT, *look(conn, rules)))


def issues(conn) -> dict[str, int]:
    """Events of each issue, as it counts them; they are as many as there are."""
    counted = dict(conn.execute("SELECT title, event_count FROM issues").fetchall())
    found = conn.execute("""
        SELECT i.title, count(e.id)::int FROM issues AS i LEFT JOIN events AS e ON e.issue_id = i.id
        GROUP BY i.id, i.title
    """)
    assert counted == dict(found.fetchall())
    return counted


def test_more_events_than_one_step_takes_are_moved_in_several(shard, conn):
    shard.append(*[body("a")] * (BATCH_EVENTS + 3), body("b"))
    shard.drain()
    shard.append(*[body("b")] * (BATCH_EVENTS + 9))
    shard.drain()
    assert apply(conn, "message:a -> one\nmessage:b -> one") == [BATCH_EVENTS, 3]
    assert issues(conn) == {"b": 2 * BATCH_EVENTS + 13}


def test_what_was_cut_off_is_completed_by_another_run(shard, conn):
    shard.append(*[body("a")] * (BATCH_EVENTS + 3), *[body("b")] * (BATCH_EVENTS + 9))
    shard.drain()
    for _ in apply_plan(conn, PROJECT, *look(conn, "message:* -> one")):
        break
    assert issues(conn) == {"a": 3, "b": 2 * BATCH_EVENTS + 9}
    assert apply(conn, "message:* -> one") == [3]
    assert issues(conn) == {"b": 2 * BATCH_EVENTS + 12}


def test_moved_events_have_their_new_fingerprint(shard, conn):
    shard.append(body("a"), body("b"), body("b"))
    shard.drain()
    apply(conn, "message:* -> one")
    [moved] = conn.execute("SELECT fingerprint FROM events WHERE message = 'a'").fetchone()
    bound = "SELECT i.title FROM issue_fingerprints JOIN issues AS i ON i.id = issue_id"
    assert conn.execute(
        f"{bound} WHERE issue_fingerprints.fingerprint = %s", (moved,)
    ).fetchall() == [("b",)]


def test_a_fingerprint_that_was_bound_meanwhile_stays_where_it_is(shard, conn):
    shard.append(body("a"), body("b"), body("b"), body("c"))
    shard.drain()
    found, plan = look(conn, "message:a -> one\nmessage:b -> one")
    [fingerprint] = plan.targets
    conn.execute(
        "INSERT INTO issue_fingerprints (project_id, fingerprint, issue_id)"
        " SELECT project_id, %s, id FROM issues WHERE title = 'c'",
        (fingerprint,),
    )
    list(apply_plan(conn, PROJECT, found, plan))
    assert issues(conn) == {"c": 4}


def test_an_issue_that_was_deleted_meanwhile_is_made_anew(shard, conn):
    now = datetime.now(UTC)
    shard.append(body("a"), received_at=now - timedelta(seconds=1))
    shard.append(body("b"), body("b"), received_at=now)
    shard.drain()
    found, plan = look(conn, "message:* -> one")
    conn.execute("DELETE FROM events WHERE message = 'b'")
    conn.execute("DELETE FROM issues WHERE title = 'b'")
    list(apply_plan(conn, PROJECT, found, plan))
    assert issues(conn) == {"b": 1}  # called by the latest event that was looked at


def test_an_issue_with_events_that_were_not_looked_at_stays(shard, conn):
    shard.append(body("a"), received_at=datetime.now(UTC) - timedelta(days=3))
    shard.append(body("a"), body("b"), body("b"))
    shard.drain()
    apply(conn, "message:* -> one")
    assert issues(conn) == {"a": 1, "b": 3}


def test_an_issue_that_goes_while_events_are_moved_to_it_stops_the_run(shard, conn):
    shard.append(*[body("a")] * (BATCH_EVENTS + 3), *[body("b")] * (BATCH_EVENTS + 9))
    shard.drain()
    moving = apply_plan(conn, PROJECT, *look(conn, "message:* -> one"))
    next(moving)
    conn.execute("DELETE FROM issues WHERE title = 'b'")
    with pytest.raises(Conflict, match="deleted or merged"):
        next(moving)


def test_nothing_would_change_for_any_event_of_a_real_sdk(shard, conn):
    payloads = [one for capture in read_captures() for one in event_payloads(capture)]
    shard.append(*payloads)
    shard.drain()
    found, plan = look(conn, "")
    assert found.tally.events > 100
    assert plan.moved_events == 0


def test_an_issue_that_is_made_has_all_that_one_made_by_an_event_has(shard, conn):
    shard.append(body("a", shop="x"), body("a", shop="y"), body("a", shop="y"))
    shard.drain()
    apply(conn, 'message:a -> a, {{ tags.shop }} title="Shop {{ tags.shop }}"')
    assert issues(conn) == {"a": 2, "Shop x": 1}
    made = conn.execute("""
        SELECT i.level, i.platform, i.status, i.grouping->'explanation'->>'variant',
               i.first_seen = e.received_at, i.last_seen = e.received_at, s.bands IS NOT NULL
        FROM issues AS i JOIN events AS e ON e.issue_id = i.id
        JOIN issue_signatures AS s ON s.issue_id = i.id
        WHERE i.title = 'Shop x'
    """)
    assert made.fetchall() == [("error", "other", "unresolved", "custom", True, True, True)]
