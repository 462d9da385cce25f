"""What retention removes, and what it leaves."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from mesher.storage import retention
from mesher.storage.connection import connect
from mesher.storage.partitions import make_partitions, partition_days
from mesher.storage.retention import Removed, apply_retention

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ISSUE = uuid.UUID(int=9)


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as connection:
        connection.execute("INSERT INTO organizations (name, slug) VALUES ('a', 'a')")
        yield connection


def add_project(conn, *, retention_days: int) -> uuid.UUID:
    return conn.execute(
        "INSERT INTO projects (org_id, name, retention_days)"
        " SELECT id, 'p', %s FROM organizations RETURNING id",
        (retention_days,),
    ).fetchone()[0]


def add_event(conn, project_id: uuid.UUID, age: timedelta) -> None:
    """One event and everything that ingestion writes beside it, its partition included."""
    make_partitions(conn, (NOW - age).date(), days_ahead=0)
    values = {"project": project_id, "issue": ISSUE, "at": NOW - age, "shard": uuid.uuid4()}
    conn.execute(
        "INSERT INTO events (project_id, issue_id, level, message, fingerprint, received_at)"
        " VALUES (%(project)s, %(issue)s, 'error', 'm', 'f', %(at)s)",
        values,
    )
    conn.execute(
        "INSERT INTO attachments VALUES (gen_random_uuid(), %(project)s, gen_random_uuid(), 'n', 't',"
        " 't', 0, '', %(at)s)",
        values,
    )
    conn.execute(
        "INSERT INTO user_feedback (id, project_id, event_id, comments, received_at)"
        " VALUES (gen_random_uuid(), %(project)s, gen_random_uuid(), 'c', %(at)s)",
        values,
    )
    conn.execute(
        "INSERT INTO check_ins (project_id, check_in_id, slug, environment, status, started_at,"
        " received_at) VALUES (%(project)s, gen_random_uuid(), 's', 'e', 'ok', %(at)s, %(at)s)",
        values,
    )
    conn.execute(
        "INSERT INTO session_counts (project_id, hour, release, environment)"
        " VALUES (%(project)s, %(at)s, 'r', '')",
        values,
    )
    conn.execute("INSERT INTO event_ids VALUES (%(project)s, gen_random_uuid(), %(at)s)", values)
    conn.execute(
        "INSERT INTO outcomes VALUES (%(project)s, date_trunc('hour', %(at)s), 'error', 'stored', '', 1)"
        " ON CONFLICT DO NOTHING",
        values,
    )
    conn.execute(
        "INSERT INTO quarantine (shard, position, project_id, received_at, reason, record)"
        " VALUES (%(shard)s, 1, %(project)s, %(at)s, 'r', '')",
        values,
    )


def ages(conn, table: str, column: str = "received_at") -> list[int]:
    """The age of every row in whole days, youngest first."""
    rows = conn.execute(f"SELECT {column} FROM {table} ORDER BY 1 DESC")
    return [(NOW - at).days for (at,) in rows]


def days(*ages: int) -> list[timedelta]:
    return [timedelta(days=age) for age in ages]


def test_events_past_their_projects_retention_are_deleted(conn):
    project = add_project(conn, retention_days=30)
    for age in days(1, 29, 31, 60):
        add_event(conn, project, age)
    list(apply_retention(conn, NOW))
    assert ages(conn, "events") == [1, 29]


@pytest.mark.parametrize("table", ["attachments", "user_feedback", "check_ins", "session_counts"])
def test_what_came_beside_events_is_deleted_past_its_projects_retention(conn, table):
    project = add_project(conn, retention_days=30)
    for age in days(1, 29, 31, 60):
        add_event(conn, project, age)
    list(apply_retention(conn, NOW))
    column = "hour" if table == "session_counts" else "received_at"
    assert ages(conn, table, column) == [1, 29]


def test_alerts_go_with_events_of_their_age_once_they_are_resolved(conn):
    project = add_project(conn, retention_days=30)
    conn.execute(
        "INSERT INTO alert_rules (project_id, name, condition_json, action_json)"
        " VALUES (%s, 'r', '{}', '{}')",
        (project,),
    )
    for status in ("active", "acknowledged", "resolved"):
        for age in days(29, 31):
            conn.execute(
                "INSERT INTO alerts"
                " (rule_id, project_id, status, message, condition_snapshot, triggered_at)"
                " SELECT id, project_id, %s, 'm', '{}', %s FROM alert_rules",
                (status, NOW - age),
            )
    conn.execute(
        "INSERT INTO alert_deliveries (alert_id, rule_id, action_id, due_at)"
        " SELECT id, rule_id, 'a', triggered_at FROM alerts"
    )
    list(apply_retention(conn, NOW))
    kept = conn.execute("SELECT status FROM alerts WHERE triggered_at < %s", (NOW - days(30)[0],))
    assert {status for (status,) in kept} == {"active", "acknowledged"}
    assert ages(conn, "alerts", "triggered_at") == [29, 29, 29, 31, 31]
    assert ages(conn, "alert_deliveries", "due_at") == [29, 29, 29, 31, 31]


def test_what_went_wrong_with_monitors_is_remembered_longer_than_their_check_ins(conn):
    project = add_project(conn, retention_days=30)
    for age in days(1, 30, 32, 60):
        conn.execute(
            "INSERT INTO monitor_problems VALUES (%s, 's', 'e', 'failed', %s, gen_random_uuid(), %s)",
            (project, NOW - age, NOW - age),
        )
    list(apply_retention(conn, NOW))
    assert ages(conn, "monitor_problems", "noted_at") == [1, 30]


def test_retention_is_exact_within_a_day(conn):
    project = add_project(conn, retention_days=30)
    second = timedelta(seconds=1)
    add_event(conn, project, timedelta(days=30) + second)
    add_event(conn, project, timedelta(days=30) - second)
    list(apply_retention(conn, NOW))
    assert ages(conn, "events") == [29]


def test_each_project_has_its_own_retention(conn):
    short, long = add_project(conn, retention_days=7), add_project(conn, retention_days=90)
    for project in (short, long):
        add_event(conn, project, timedelta(days=8))
    list(apply_retention(conn, NOW))
    assert conn.execute("SELECT project_id FROM events").fetchall() == [(long,)]


def test_a_day_older_than_every_retention_is_dropped_as_a_whole(conn):
    add_project(conn, retention_days=7)
    add_project(conn, retention_days=30)
    # The first of them ended 30.5 days ago; the second one 29.5, so not all of it is too old.
    make_partitions(conn, date(2026, 10, 24), days_ahead=1)
    assert list(apply_retention(conn, NOW)) == [Removed("events_20261024", None)]
    assert partition_days(conn) == [date(2026, 10, 25)]


def test_without_projects_the_default_retention_decides(conn):
    make_partitions(conn, (NOW - timedelta(days=91)).date(), days_ahead=1)
    list(apply_retention(conn, NOW))
    assert partition_days(conn) == [(NOW - timedelta(days=90)).date()]


def test_days_to_come_are_kept(conn):
    make_partitions(conn, NOW.date())
    add_project(conn, retention_days=1)
    list(apply_retention(conn, NOW))
    assert partition_days(conn)[-1] == NOW.date() + timedelta(days=7)


def test_outcomes_and_quarantine_go_with_their_projects_retention(conn):
    short, long = add_project(conn, retention_days=7), add_project(conn, retention_days=90)
    for project in (short, long):
        add_event(conn, project, timedelta(days=8))
    list(apply_retention(conn, NOW))
    for table in ("outcomes", "quarantine"):
        assert conn.execute(f"SELECT project_id FROM {table}").fetchall() == [(long,)]


def test_the_quarantine_is_kept_two_weeks_at_most_since_it_holds_secrets(conn):
    add_project(conn, retention_days=90)
    gone = uuid.UUID(int=1)
    for age in days(13, 15):
        add_event(conn, gone, age)
    conn.execute("UPDATE quarantine SET project_id = NULL")
    list(apply_retention(conn, NOW))
    assert ages(conn, "quarantine") == [13]


def test_event_ids_are_kept_as_long_as_any_project_keeps_events(conn):
    short = add_project(conn, retention_days=7)
    add_project(conn, retention_days=30)
    for age in days(1, 8, 31):
        add_event(conn, short, age)
    list(apply_retention(conn, NOW))
    assert ages(conn, "event_ids") == [1, 8]


def test_what_belongs_to_no_project_goes_with_the_longest_retention(conn):
    add_project(conn, retention_days=30)
    gone = uuid.UUID(int=1)
    for age in days(29, 31):
        add_event(conn, gone, age)
    list(apply_retention(conn, NOW))
    assert len(ages(conn, "outcomes", "hour")) == 1


def test_issues_stay(conn):
    project = add_project(conn, retention_days=7)
    conn.execute(
        "INSERT INTO issues (project_id, fingerprint, title, level, last_seen)"
        " VALUES (%s, 'f', 't', 'error', %s)",
        (project, NOW - timedelta(days=50)),
    )
    add_event(conn, project, timedelta(days=50))
    list(apply_retention(conn, NOW))
    assert conn.execute("SELECT count(*) FROM issues").fetchone() == (1,)


def test_many_events_are_deleted_in_steps_of_bounded_size(conn):
    project = add_project(conn, retention_days=30)
    add_project(conn, retention_days=90)
    make_partitions(conn, (NOW - timedelta(days=31)).date(), days_ahead=0)
    conn.execute(
        "INSERT INTO events (project_id, issue_id, level, message, fingerprint, received_at)"
        " SELECT %s, %s, 'error', 'm', 'f', %s FROM generate_series(1, %s)",
        (project, ISSUE, NOW - timedelta(days=31), retention.BATCH_ROWS + 1),
    )
    steps = [step for step in apply_retention(conn, NOW) if step.rows]
    assert [step.rows for step in steps] == [retention.BATCH_ROWS, 1]


def test_retention_may_be_stopped_after_any_step_and_goes_on_later(conn):
    project = add_project(conn, retention_days=30)
    add_project(conn, retention_days=90)
    for age in days(31, 32):
        add_event(conn, project, age)
    steps = apply_retention(conn, NOW)
    while next(steps).rows is None:
        pass
    steps.close()
    assert len(ages(conn, "events")) == 1
    list(apply_retention(conn, NOW))
    assert ages(conn, "events") == []


def test_a_day_that_is_being_read_is_left_for_the_next_run(conn, database_url):
    old = date(2026, 8, 20)
    make_partitions(conn, old, days_ahead=0)
    with connect(database_url, application_name="reader") as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM events_20260820")
        list(apply_retention(conn, NOW))
        assert old in partition_days(conn)
    list(apply_retention(conn, NOW))
    assert old not in partition_days(conn)


def test_a_second_run_finds_nothing_to_remove(conn):
    project = add_project(conn, retention_days=30)
    for age in days(1, 31, 60):
        add_event(conn, project, age)
    list(apply_retention(conn, NOW))
    assert list(apply_retention(conn, NOW)) == []


def test_chunks_that_expired_and_assemblies_that_nobody_asks_for_go(conn):
    for hours, name in ((-1, "old"), (1, "new")):
        conn.execute(
            "INSERT INTO upload_chunks SELECT id, %s, 1, 'x', %s FROM organizations",
            (name, NOW + timedelta(hours=hours)),
        )
        conn.execute(
            "INSERT INTO assemblies (org_id, key, kind, checksum, chunks, target, state, updated_at)"
            " SELECT id, %s, 'debug_file', '', '{}', '{}', 'ok', %s FROM organizations",
            (name, NOW + timedelta(hours=hours) - timedelta(days=1)),
        )

    assert Removed("upload_chunks", 1) in list(apply_retention(conn, NOW))

    assert conn.execute("SELECT sha1 FROM upload_chunks").fetchall() == [("new",)]
    assert conn.execute("SELECT key FROM assemblies").fetchall() == [("new",)]
