"""The jobs process, as the supervisor runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest

from mesher import migrations
from mesher.embedded_postgres import EmbeddedPostgres
from mesher.storage.connection import connect
from mesher.storage.issue_changes import Author
from mesher.storage.issue_merges import merge_issues
from mesher.storage.job_queue import defer_moves
from mesher.storage.partitions import drop_partition, make_partitions, partition_days
from storing import NOW, PROJECT, issue, new_event, store

PATIENCE_SECONDS = 60.0
LONG_AGO = date(2020, 1, 1)


class JobsProcess:
    """A running jobs process and what it logs."""

    def __init__(self, database_url: str, log: Path) -> None:
        self._log = log
        environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environ |= {"MESHER_DATABASE_URL": database_url, "MESHER_LOG_FORMAT": "json"}
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mesher.child", "jobs"],
                env=environ,
                stdin=subprocess.DEVNULL,
                stderr=stderr,
            )

    def logged(self, event: str) -> list[dict[str, object]]:
        """The lines of one event so far."""
        lines = self._log.read_bytes().splitlines(keepends=True)
        entries = [msgspec.json.decode(line) for line in lines if line.endswith(b"\n")]
        return [entry for entry in entries if entry["event"] == event]

    def end(self) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def jobs(database_url: str, log: Path) -> Iterator[JobsProcess]:
    running = JobsProcess(database_url, log)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as connection:
        yield connection


def test_partitions_are_made_at_the_start(conn, database_url, tmp_path):
    today = datetime.now(UTC).date()
    with jobs(database_url, tmp_path / "log"):
        wait_until(lambda: today + timedelta(days=7) in partition_days(conn))


def test_the_retention_of_the_hour_is_made_up_for_at_the_start(conn, database_url, tmp_path):
    make_partitions(conn, LONG_AGO, days_ahead=0)
    with jobs(database_url, tmp_path / "log") as running:
        wait_until(lambda: running.logged("retention_applied"))
    assert LONG_AGO not in partition_days(conn)
    assert running.logged("retention_applied")[0]["partitions_dropped"] == ["events_20200101"]


def test_a_long_retention_stops_after_the_step_in_hand(conn, database_url, tmp_path):
    make_partitions(conn, LONG_AGO, days_ahead=19)
    with (
        connect(database_url, application_name="reader") as reader,
        reader.transaction(),
        jobs(database_url, tmp_path / "log") as running,
    ):
        reader.execute("SELECT count(*) FROM events")  # each of the twenty is waited for in vain
        wait_until(lambda: running.logged("partition_in_use"))
        assert running.end() == 0
    assert len(running.logged("partition_in_use")) < 20


def test_the_data_of_a_deleted_project_is_removed_within_a_minute(conn, database_url, tmp_path):
    make_partitions(conn, NOW.date(), days_ahead=0)
    store(conn, new_event())
    conn.execute(
        "INSERT INTO removals (subject_id, kind, org_id) VALUES (%s, 'project', %s)",
        (PROJECT, uuid.uuid4()),
    )
    with jobs(database_url, tmp_path / "log") as running:
        wait_until(lambda: running.logged("data_removed"))
        wait_until(lambda: conn.execute("SELECT 1 FROM removals WHERE swept_at < now()").fetchone())
    assert conn.execute("SELECT count(*) FROM events").fetchone() == (0,)


def test_of_two_nodes_one_does_the_work_of_the_hour(conn, database_url, tmp_path):
    with jobs(database_url, tmp_path / "a") as one, jobs(database_url, tmp_path / "b") as other:
        wait_until(lambda: workers(conn) == 2)
        wait_until(lambda: one.logged("retention_applied") + other.logged("retention_applied"))
        assert (one.end(), other.end()) == (0, 0)
    done = len(one.logged("retention_applied")) + len(other.logged("retention_applied"))
    hours = conn.execute(
        "SELECT count(*) FROM procrastinate_periodic_defers WHERE task_name = 'apply_retention'"
    )
    assert hours.fetchone() == (done,)


def workers(conn: psycopg.Connection) -> int:
    return conn.execute("SELECT count(*) FROM procrastinate_workers").fetchone()[0]


def queued(conn: psycopg.Connection) -> int:
    return conn.execute("SELECT count(*) FROM procrastinate_jobs").fetchone()[0]


def test_it_ends_when_asked_and_leaves_no_worker_behind(conn, database_url, tmp_path):
    with jobs(database_url, tmp_path / "log") as running:
        wait_until(lambda: workers(conn) == 1)
        assert running.end() == 0
    assert workers(conn) == 0


def test_jobs_that_succeeded_leave_no_rows(conn, database_url, tmp_path):
    with jobs(database_url, tmp_path / "log") as running:
        # Waited for: a job that is made every few seconds may be in the queue just now.
        wait_until(lambda: running.logged("retention_applied") and queued(conn) == 0)
        assert running.end() == 0


def test_a_job_that_fails_is_logged_and_the_process_goes_on(conn, database_url, tmp_path):
    conn.execute("DROP TABLE outcomes")
    with jobs(database_url, tmp_path / "log") as running:
        wait_until(lambda: running.logged("job_failed"))
        assert running.logged("job_failed")[0]["job"] == "apply_retention"
        assert running.end() == 0


def test_it_waits_for_a_database_that_is_away_and_goes_on(tmp_path):
    server = EmbeddedPostgres(tmp_path)
    server.start()
    migrations.upgrade(server.database_url)
    today = datetime.now(UTC).date()
    with jobs(server.database_url, tmp_path / "log") as running:
        with connect(server.database_url, application_name="test") as conn:
            wait_until(lambda: running.logged("retention_applied") and queued(conn) == 0)
            drop_partition(conn, today)
        server.stop()
        wait_until(lambda: running.logged("database_away"))
        server.start()
        with connect(server.database_url, application_name="test") as conn:
            wait_until(lambda: today in partition_days(conn))
        assert running.end() == 0
    server.stop()


def test_it_ends_when_asked_while_the_database_is_away(tmp_path):
    with jobs("postgresql://nobody@127.0.0.1:1/none", tmp_path / "log") as running:
        wait_until(lambda: running.logged("database_away"))
        assert running.end() == 0


def test_a_merge_that_left_events_to_move_is_finished(conn, database_url, tmp_path):
    make_partitions(conn, NOW.date(), days_ahead=0)
    conn.execute(
        "WITH org AS (INSERT INTO organizations (name, slug) VALUES ('a', 'a') RETURNING id)"
        " INSERT INTO projects (id, org_id, name) SELECT %s, id, 'shop' FROM org",
        (PROJECT,),
    )
    store(conn, new_event("a"), new_event("a"), new_event("b"))
    with conn.transaction():
        merge_issues(
            conn,
            project_id=PROJECT,
            target=issue(conn, "b").id,
            sources=[issue(conn, "a").id],
            author=Author(user_id=uuid.uuid4(), name="ada"),
        )
    defer_moves(conn)
    defer_moves(conn)  # which waits already
    with jobs(database_url, tmp_path / "log") as running:
        wait_until(lambda: running.logged("issue_change_finished"))
        assert running.end() == 0
    assert conn.execute("SELECT state, moved_events FROM issue_changes").fetchall() == [("done", 2)]
    assert conn.execute("SELECT DISTINCT issue_id FROM events").fetchall() == [
        (issue(conn, "b").id,)
    ]


def test_an_archive_that_was_to_last_until_now_ends(conn, database_url, tmp_path):
    make_partitions(conn, NOW.date(), days_ahead=0)
    store(conn, new_event())
    conn.execute(
        "UPDATE issues SET status = 'archived',"
        " archive = jsonb_build_object('until', now() - interval '1 minute')"
    )
    with jobs(database_url, tmp_path / "log"):
        wait_until(lambda: issue(conn).status == "unresolved")
