"""``mesher regroup`` as it is typed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from mesher.storage.connection import connect
from mesher.storage.database import create_engine
from tenants import make_tenant, store_events

WIDE = {"COLUMNS": "200"}
NOW = datetime.now(UTC)


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as conn:
        yield conn


@pytest.fixture
def project(database_url):
    async def make():
        engine = create_engine(database_url, pool_size=1)
        try:
            return await make_tenant(engine, "ada")
        finally:
            await engine.dispose()

    return asyncio.run(make()).project


@pytest.fixture
def regroup(run, database_url):
    def command(*arguments):
        return run("regroup", *arguments, MESHER_DATABASE_URL=database_url, **WIDE)

    return command


def failure(kind: str, shop: str = "a") -> dict:
    return {"exception": [{"type": kind, "value": "v"}], "tags": {"shop": shop}}


def issues(conn) -> list[tuple]:
    return conn.execute(
        "SELECT title, event_count FROM issues ORDER BY event_count DESC, title"
    ).fetchall()


def counted(conn) -> list[tuple]:
    """The same, counted from the events."""
    return conn.execute("""
        SELECT i.title, count(*)::int FROM events AS e JOIN issues AS i ON i.id = e.issue_id
        GROUP BY i.id, i.title ORDER BY count(*) DESC, i.title
    """).fetchall()


def test_it_shows_what_would_join_and_split_and_changes_nothing(
    regroup, conn, project, database_url, tmp_path
):
    store_events(database_url, project, failure("A"), failure("B"), failure("B"), begin=NOW)
    before = issues(conn)
    file = tmp_path / "rules"
    file.write_text("type:* -> one")

    shown = regroup("--project", "ada-shop", "--rules", file)

    assert shown.returncode == 0, shown.stderr
    assert "3 events of 2 issues were looked at; 1 would move" in shown.stdout
    [line] = [line for line in shown.stdout.splitlines() if "joins" in line]
    assert [cell.strip() for cell in line.strip("│ ").split("│")] == [
        "joins",
        "3",
        "B: v",
        "2  B: v",
    ]
    assert "Nothing was changed" in shown.stdout
    assert issues(conn) == before
    assert conn.execute("SELECT grouping_rules FROM projects").fetchall() == [("",)]


def test_applied_rules_are_kept_and_issues_join(regroup, conn, project, database_url, tmp_path):
    store_events(database_url, project, failure("A"), failure("B"), failure("B"), begin=NOW)
    file = tmp_path / "rules"
    file.write_text("type:* -> one")

    applied = regroup("--project", project.id, "--rules", file, "--apply")

    assert applied.returncode == 0, applied.stderr
    assert "1 events were moved" in applied.stdout
    assert issues(conn) == counted(conn) == [("B: v", 3)]
    assert conn.execute("SELECT grouping_rules FROM projects").fetchall() == [("type:* -> one",)]


def test_without_other_rules_the_projects_own_are_applied_and_issues_split(
    regroup, conn, project, database_url
):
    shops = [failure("E", shop) for shop in ("a", "b", "b", "c")]
    store_events(database_url, project, *shops, failure("F"), begin=NOW)
    rules = 'type:E -> e, {{ tags.shop }} title="Shop {{ tags.shop }}"'
    conn.execute("UPDATE projects SET grouping_rules = %s", (rules,))

    applied = regroup("--project", str(project.number), "--apply")

    assert applied.returncode == 0, applied.stderr
    assert issues(conn) == counted(conn) == [("E: v", 2), ("F: v", 1), ("Shop a", 1), ("Shop c", 1)]
    # A second time there is nothing left to do, and new events go to the same issues.
    again = regroup("--project", "ada-shop", "--apply")
    assert "0 would move, and 4 issues would stay" in again.stdout


def test_events_that_come_after_it_go_where_those_before_went(regroup, conn, project, database_url):
    store_events(database_url, project, failure("E", "a"), failure("E", "b"), begin=NOW)
    conn.execute("UPDATE projects SET grouping_rules = %s", ("type:E -> e, {{ tags.shop }}",))
    assert regroup("--project", "ada-shop", "--apply").returncode == 0
    [(ours,)] = conn.execute(
        "SELECT DISTINCT fingerprint FROM events WHERE tags->>'shop' = 'a'"
    ).fetchall()
    bound = conn.execute(
        "SELECT b.issue_id = e.issue_id FROM issue_fingerprints AS b"
        " JOIN events AS e USING (fingerprint) WHERE b.fingerprint = %s",
        (ours,),
    )
    assert bound.fetchall() == [(True,)]


def test_only_the_events_of_the_days_asked_for_are_looked_at(regroup, conn, project, database_url):
    long_ago = NOW.replace(year=NOW.year - 1, day=1)
    store_events(database_url, project, failure("A"), begin=long_ago)
    assert "0 events of 0 issues" in regroup("--project", "ada-shop").stdout
    assert "1 events of 1 issues" in regroup("--project", "ada-shop", "--days", "500").stdout


def test_what_cannot_be_done_is_said_in_plain_words(regroup, project, tmp_path):
    missing = regroup("--project", "nobody")
    assert (missing.returncode, "there is no project 'nobody'" in missing.stderr) == (1, True)
    file = tmp_path / "rules"
    unreadable = regroup("--project", "ada-shop", "--rules", file)
    assert f"the rules in {file} cannot be read" in unreadable.stderr
    file.write_text("# ours\nkind:A -> a")
    wrong = regroup("--project", "ada-shop", "--rules", file)
    assert "line 2, column 1: 'kind' is nothing that a rule can match" in wrong.stderr
    assert wrong.returncode == 1
