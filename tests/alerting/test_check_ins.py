"""Monitors that did not do as they should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerting.conftest import Watch
from mesher.alerting.check_ins import next_run, problem_of
from mesher.alerting.monitor_events import note_problems
from mesher.protocol.check_in import CheckIn
from mesher.storage.check_ins import NewCheckIn, store_check_ins
from mesher.storage.connection import connect
from mesher.storage.last_check_ins import LastCheckIn

BEGAN = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
HOURLY = {"schedule": {"type": "crontab", "value": "0 * * * *"}, "checkin_margin": 5}


def last(status: str = "ok", config: dict[str, Any] | None = None) -> LastCheckIn:
    return LastCheckIn(
        slug="backup",
        config=HOURLY if config is None else config,
        environment="production",
        status=status,
        started_at=BEGAN,
        received_at=BEGAN,
    )


@pytest.mark.parametrize(
    ("config", "due"),
    [
        ({"schedule": {"type": "crontab", "value": "0 * * * *"}}, "2026-11-27T04:00:00+00:00"),
        ({"schedule": {"type": "crontab", "value": "@daily"}}, "2026-11-28T00:00:00+00:00"),
        (
            {"schedule": {"type": "crontab", "value": "30 4 * * *"}, "timezone": "Europe/Berlin"},
            "2026-11-27T03:30:00+00:00",
        ),
        (
            {"schedule": {"type": "interval", "value": 2, "unit": "hour"}},
            "2026-11-27T05:00:00+00:00",
        ),
        ({"schedule": {"type": "interval", "value": 1, "unit": "fortnight"}}, None),
        ({"schedule": {"type": "interval", "value": "x", "unit": "hour"}}, None),
        ({"schedule": {"type": "crontab", "value": "every tuesday"}}, None),
        ({"schedule": {"type": "crontab", "value": "0 * * * *"}, "timezone": "Mars/North"}, None),
        ({"schedule": "hourly"}, None),
        ({}, None),
    ],
)
def test_a_schedule_says_when_the_next_run_is_due(config: dict[str, Any], due: str | None) -> None:
    found = next_run(config, BEGAN)
    assert (found.astimezone(UTC).isoformat() if found else None) == due


def test_a_run_that_began_a_moment_early_is_the_one_that_was_due() -> None:
    found = next_run(HOURLY, BEGAN - timedelta(seconds=2))
    assert found is not None
    assert found.astimezone(UTC) == BEGAN + timedelta(hours=1)


def test_clocks_that_change_move_a_schedule_of_the_wall_along() -> None:
    config = {"schedule": {"type": "crontab", "value": "0 8 * * *"}, "timezone": "Europe/Berlin"}
    before = datetime(2026, 10, 24, 6, 0, tzinfo=UTC)  # eight in the morning, the day before
    found = next_run(config, before)
    assert found is not None
    assert found.astimezone(UTC) == datetime(2026, 10, 25, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "minutes", "problem"),
    [
        ("ok", 64, None),
        ("ok", 66, "was due at 2026-11-27 04:00 UTC"),
        ("error", 1, "failed"),
        ("in_progress", 29, None),
        ("in_progress", 31, "runs longer than it may"),
    ],
)
def test_a_run_is_held_against_its_schedule_and_margins(
    status: str, minutes: int, problem: str | None
) -> None:
    found = problem_of(last(status), BEGAN + timedelta(minutes=minutes))
    assert (found.text if found else None) == problem


def test_a_monitor_without_a_schedule_is_never_late() -> None:
    assert problem_of(last(config={}), BEGAN + timedelta(days=400)) is None


def check_in(watch: Watch, database_url: str, slug: str, status: str = "ok") -> None:
    """Have an hourly job report now."""
    new = NewCheckIn(
        project_id=watch.tenant.project.id,
        received_at_us=int(watch.now.timestamp() * 1e6),
        report=CheckIn(slug, status, None, "production", None, "", HOURLY),
    )
    with connect(database_url, application_name="test") as conn:
        assert [key.outcome for key in store_check_ins(conn, [new])] == ["stored"]


def test_a_missed_check_in_is_told_once_and_over_when_the_next_comes(
    watch: Watch, database_url: str
) -> None:
    watch.rule("missed_check_in", cooldown_minutes=0)
    watch.now = BEGAN

    check_in(watch, database_url, "backup")
    check_in(watch, database_url, "report")
    watch.pass_time(minutes=61)
    check_in(watch, database_url, "report")
    watch.look()
    assert watch.alerts() == []
    watch.pass_time(minutes=6)
    watch.look()
    assert watch.messages() == ["backup (production) was due at 2026-11-27 04:00 UTC"]
    watch.pass_time(minutes=2)
    watch.look()
    assert len(watch.alerts()) == 1
    check_in(watch, database_url, "backup")
    watch.look()
    assert watch.statuses() == ["resolved"]
    assert watch.alerts()[0]["issue_id"] is None


def test_what_goes_wrong_with_a_job_is_one_event_of_one_issue(
    watch: Watch, database_url: str
) -> None:
    watch.now = BEGAN

    def note() -> int:
        with connect(database_url, application_name="test") as conn:
            return sum(note_problems(conn, watch.now))

    check_in(watch, database_url, "backup", "ok")
    assert note() == 0
    watch.pass_time(minutes=66)  # it was due at four, and may be five minutes late
    assert [note(), note()] == [1, 0]
    for _ in range(2):  # two failed runs, of which the second hides the first
        watch.pass_time(minutes=1)
        check_in(watch, database_url, "backup", "error")
    assert [note(), note()] == [2, 0]
    watch.pass_time(minutes=1)
    check_in(watch, database_url, "backup", "in_progress")
    watch.pass_time(minutes=31)
    assert [note(), note()] == [1, 0]

    path = f"/projects/{watch.tenant.project.id}"
    issues = watch.request("GET", f"{path}/issues?query=monitor:backup")["items"]
    assert {issue["title"]: issue["event_count"] for issue in issues} == {
        "backup did not check in": 1,
        "backup failed": 2,
        "backup runs longer than it may": 1,
    }
    with connect(database_url, application_name="test") as conn:
        counted = dict(
            conn.execute(
                "SELECT outcome, sum(quantity) FROM outcomes"
                " WHERE project_id = %s AND category = 'error' GROUP BY outcome",
                (watch.tenant.project.id,),
            ).fetchall()
        )
    assert counted == {"accepted": 4, "stored": 4}
