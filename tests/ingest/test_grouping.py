"""How a project's rules and the versions of grouping reach what is stored."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from datetime import UTC, datetime

import msgspec
import psycopg
import pytest
import structlog.testing

from mesher.grouping.fingerprint import Grouping, group
from mesher.grouping.rules.ruleset import Rules
from mesher.grouping.versions import Algorithm, Grouper
from mesher.ingest.digest import Policy, digest_record
from mesher.ingest.digester import ShardDigester
from mesher.ingest.journal import Record
from mesher.ingest.journal_sqlite import SegmentReader
from mesher.ingest.known_issues import KnownIssues
from mesher.ingest.marker import Marker
from mesher.ingest.policies import Policies
from mesher.ingest.replay import replay
from mesher.protocol.event import Event, LogEntry
from mesher.storage.connection import connect
from mesher.storage.ingest_batch import store_events
from mesher.storage.kept_grouping import forget_older_versions, list_grouping_settings
from mesher.storage.partitions import make_partitions
from mesher.storage.quarantine import list_quarantine
from mesher.values.grouping_settings import GroupingSettings
from shards import PROJECT, Shard, refuse_message


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as conn:
        make_partitions(conn, datetime.now(UTC).date())
        yield conn


def issues(conn: psycopg.Connection) -> list[tuple[str, int]]:
    """Title and number of events of each issue."""
    return conn.execute("SELECT title, event_count FROM issues ORDER BY title").fetchall()


# Rules ---------------------------------------------------------------------------------------------


def test_rules_are_in_force_for_the_next_record_and_are_told_with_the_issue(conn, tmp_path):
    grouping: dict[uuid.UUID, GroupingSettings] = {}
    shard = Shard(tmp_path / "000", conn)
    digester = ShardDigester(
        SegmentReader(shard.folder), Marker(tmp_path / "in-hand"), grouping=grouping
    )
    shard.append(b'{"message": "disk full on a"}')
    assert digester.digest_next(conn) == 1
    grouping[PROJECT] = GroupingSettings(rules='message:disk* -> disk title="Disk full"')
    shard.append(b'{"message": "disk full on b"}', b'{"message": "disk full on c"}')
    assert digester.digest_next(conn) == 2
    digester.close()
    shard.close()

    assert issues(conn) == [("Disk full", 2), ("disk full on a", 1)]
    [told] = conn.execute(
        "SELECT grouping->'explanation'->'rules' FROM issues WHERE title = 'Disk full'"
    ).fetchone()
    text = 'message:disk* -> disk title="Disk full"'
    assert told == [{"line": 1, "text": text, "sets_fingerprint": True}]


def test_a_rule_that_cannot_be_read_is_passed_over_and_logged_once():
    rules = "galaxy:far -> away\nmessage:disk* -> disk"
    policies = Policies(grouping={PROJECT: GroupingSettings(rules=rules)})
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            found = policies.find(PROJECT)
    event = Event(event_id="0" * 32, timestamp=0.0, logentry=LogEntry(formatted="disk full"))
    assert found.grouper.group(event).explanation.variant == "custom"
    [line] = logs
    assert line["event"] == "grouping_rule_ignored"
    assert "line 1, column 1: 'galaxy'" in line["reason"]


def test_a_replayed_record_is_grouped_by_the_rules_of_its_project(conn, tmp_path):
    org = conn.execute("INSERT INTO organizations (name, slug) VALUES ('o', 'o') RETURNING id")
    conn.execute(
        "INSERT INTO projects (id, org_id, name, grouping_rules) VALUES (%s, %s, 'p', %s)",
        (PROJECT, org.fetchone()[0], 'message:poison -> x title="By rule"'),
    )
    refuse_message(conn, "poison")
    shard = Shard(tmp_path / "000", conn)
    shard.append(b'{"message": "poison"}')
    shard.drain()
    shard.close()
    conn.execute("DROP TRIGGER refuse ON events")

    [entry] = list_quarantine(conn)
    replay(conn, entry.id)

    assert issues(conn) == [("By rule", 1)]


# Versions ------------------------------------------------------------------------------------------


def by_first_word(event: Event, rules: Rules | None) -> Grouping:
    """A version that joins what the first one tells apart."""
    found = group(event, rules)
    word = found.title.split()[0]
    return msgspec.structs.replace(found, fingerprint=f"two:{word}", algorithm_version=2)


def by_whole_text(event: Event, rules: Rules | None) -> Grouping:
    """A version that tells apart what the first one joins."""
    found = group(event, rules)
    return msgspec.structs.replace(found, fingerprint=f"two:{found.title}", algorithm_version=2)


class Server:
    """Stores events as a digester with these versions does."""

    def __init__(self, conn: psycopg.Connection, *versions: Algorithm) -> None:
        self._conn = conn
        self._known = KnownIssues()
        algorithms = dict(enumerate(versions, start=1))
        self._policy = Policy(grouper=Grouper(algorithms=algorithms), known_issues=self._known)

    def store(self, *messages: str, committed: bool = True) -> None:
        for message in messages:
            digested = digest_record(
                Record(
                    kind="store",
                    project_id=PROJECT,
                    received_at_us=time.time_ns() // 1000,
                    event_ids=[uuid.uuid4().hex],
                    content_encoding="",
                    client="",
                    client_ip="",
                    context={},
                    body=json.dumps({"message": message}).encode(),
                ),
                self._policy,
            )
            with self._conn.transaction(force_rollback=not committed):
                store_events(self._conn, digested.events, Counter(), digested.companions)
            if committed:
                self._known.commit()
            else:
                self._known.roll_back()


def test_the_version_that_grouped_an_event_is_stored_with_it_and_with_its_issue(conn):
    Server(conn, group).store("a")
    Server(conn, group, by_first_word).store("b")
    rows = conn.execute("""
        SELECT e.grouping_version, (i.grouping->>'algorithm_version')::int
        FROM events AS e JOIN issues AS i ON i.id = e.issue_id ORDER BY e.message
    """)
    assert rows.fetchall() == [(1, 1), (2, 2)]


def test_after_an_upgrade_events_come_to_the_issues_that_are_there(conn):
    Server(conn, group).store("cart is empty", "cart is full", "disk full")
    Server(conn, group, by_first_word).store("cart is full", "disk full", "cart is empty")
    # What the new version joins goes where its first event went.
    assert issues(conn) == [("cart is empty", 1), ("cart is full", 3), ("disk full", 2)]


def test_an_upgrade_splits_no_issue(conn):
    Server(conn, group).store("failed 7 times", "failed 8 times")
    assert issues(conn) == [("failed 7 times", 2)]
    Server(conn, group, by_whole_text).store("failed 7 times", "failed 9 times", "failed 9 times")
    assert issues(conn) == [("failed 7 times", 5)]


def test_a_batch_that_was_not_committed_comes_with_all_its_fingerprints_again(conn):
    Server(conn, group).store("failed 7 times")
    upgraded = Server(conn, group, by_whole_text)
    upgraded.store("failed 9 times", committed=False)
    upgraded.store("failed 9 times")
    assert issues(conn) == [("failed 7 times", 2)]


def test_a_discarded_issue_stays_discarded_through_an_upgrade(conn):
    Server(conn, group).store("failed 7 times")
    conn.execute("UPDATE issues SET status = 'discarded'")
    Server(conn, group, by_whole_text).store("failed 9 times", "failed 9 times")
    assert issues(conn) == [("failed 7 times", 1)]


def test_without_the_old_version_the_same_would_be_new_issues(conn):
    Server(conn, group).store("failed 7 times")
    Server(conn, by_whole_text).store("failed 9 times")
    assert len(issues(conn)) == 2


def test_only_projects_with_rules_or_issues_of_an_older_version_are_read(conn):
    org = conn.execute("INSERT INTO organizations (name, slug) VALUES ('o', 'o') RETURNING id")
    insert = "INSERT INTO projects (id, org_id, name, grouping_rules) VALUES (%s, %s, 'p', %s)"
    [org_id] = org.fetchone()
    plain, ruled = uuid.uuid4(), uuid.uuid4()
    conn.execute(insert, (plain, org_id, ""))
    conn.execute(insert, (ruled, org_id, "type:A -> a"))
    conn.execute(insert, (PROJECT, org_id, ""))
    Server(conn, group).store("of version 1")

    assert set(list_grouping_settings(conn, newest_version=1)) == {ruled}
    assert set(list_grouping_settings(conn, newest_version=2)) == {plain, ruled, PROJECT}
    assert forget_older_versions(conn, newest_version=2) == 2
    assert list_grouping_settings(conn, newest_version=2) == {
        ruled: GroupingSettings(rules="type:A -> a", oldest_version=2),
        PROJECT: GroupingSettings(oldest_version=1),
    }
