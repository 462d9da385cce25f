"""Sessions and check-ins, from the envelope or the URL to the rows."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from mesher.ingest.digest import digest_record
from mesher.ingest.journal import Record
from mesher.protocol.envelope import format_envelope
from mesher.storage.companions import Companions, store_companions
from mesher.storage.connection import connect

KEY = "a3f1c29be4d84f0c9e7b5d6c81f02e4a"
NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
RUN = "9ec79c33ec9942ab8353589fcb2e04dc"


@pytest.fixture
def conn(database_url):
    with connect(database_url, application_name="test") as connection:
        yield connection


def digest(kind: str, payload: dict, *, after: timedelta = timedelta()) -> Companions:
    record = Record(
        kind="envelope",
        project_id=uuid.UUID(int=1),
        received_at_us=int((NOW + after).timestamp() * 1e6),
        event_ids=[],
        content_encoding="",
        client="",
        client_ip="",
        context={},
        body=format_envelope({}, [({"type": kind}, json.dumps(payload).encode())]),
    )
    return digest_record(record).companions


def session(status: str, **attrs) -> Companions:
    values = {"started": NOW.isoformat(), "status": status, "attrs": {"release": "a@1", **attrs}}
    return digest("session", values)


def check_in(status: str, *, after: timedelta = timedelta(), **more) -> Companions:
    return digest("check_in", {"monitor_slug": "nightly", "status": status} | more, after=after)


def store(conn, *found: Companions) -> Counter:
    together = Companions()
    for each in found:
        together.extend(each)
    with conn.transaction():
        ledger = store_companions(conn, together, set())
    return Counter({(key.category, key.outcome): count for key, count in ledger.items()})


def test_sessions_are_added_up_by_release_environment_and_hour(conn):
    aggregates = digest(
        "sessions",
        {
            "aggregates": [{"started": NOW.isoformat(), "exited": 5, "errored": 2}],
            "attrs": {"release": "a@1"},
        },
    )
    ledger = store(conn, session("ok"), session("exited"), session("crashed"), aggregates)
    store(conn, session("exited"), session("exited", environment="dev"))

    assert ledger["session", "stored"] == 4
    rows = conn.execute(
        "SELECT hour, release, environment, exited, errored, abnormal, unhandled, crashed"
        " FROM session_counts ORDER BY environment"
    ).fetchall()
    hour = NOW.replace(minute=0)
    assert rows == [(hour, "a@1", "", 7, 2, 0, 0, 1), (hour, "a@1", "dev", 1, 0, 0, 0, 0)]


def check_ins(conn):
    return conn.execute(
        "SELECT slug, environment, status, duration_seconds FROM check_ins ORDER BY started_at"
    ).fetchall()


def test_a_check_in_in_progress_is_completed_by_the_same_id(conn):
    store(conn, check_in("in_progress", check_in_id=RUN))
    assert check_ins(conn) == [("nightly", "production", "in_progress", None)]
    ledger = store(conn, check_in("ok", check_in_id=RUN, after=timedelta(seconds=8)))
    assert check_ins(conn) == [("nightly", "production", "ok", 8.0)]
    assert ledger["monitor", "stored"] == 1


def test_what_is_complete_is_not_changed_by_what_comes_again(conn):
    store(conn, check_in("error", check_in_id=RUN, duration=3))
    store(conn, check_in("ok", check_in_id=RUN, duration=4, after=timedelta(seconds=9)))
    assert check_ins(conn) == [("nightly", "production", "error", 3.0)]


def test_a_check_in_without_an_id_completes_the_latest_of_its_environment(conn):
    begun = [
        check_in("in_progress", check_in_id=uuid.uuid4().hex, after=timedelta(minutes=minute))
        for minute in (0, 1)
    ]
    elsewhere = check_in("in_progress", environment="dev", after=timedelta(minutes=2))
    store(conn, *begun, elsewhere, check_in("ok", after=timedelta(minutes=3)))
    assert [(env, status) for _, env, status, _ in check_ins(conn)] == [
        ("production", "in_progress"),
        ("production", "ok"),
        ("dev", "in_progress"),
    ]


def test_a_check_in_that_only_says_how_it_ended_is_one_of_its_own(conn):
    store(conn, check_in("ok"), check_in("error", after=timedelta(seconds=1)))
    assert [status for _, _, status, _ in check_ins(conn)] == ["ok", "error"]


def test_a_monitor_keeps_the_last_configuration_that_it_was_sent(conn):
    store(conn, check_in("ok", monitor_config={"max_runtime": 5}))
    store(conn, check_in("ok", after=timedelta(seconds=1)))
    assert conn.execute("SELECT slug, config FROM monitors").fetchall() == [
        ("nightly", {"max_runtime": 5})
    ]


def test_beyond_the_monitors_that_a_project_may_have_check_ins_of_new_ones_are_dropped(
    conn, monkeypatch
):
    monkeypatch.setattr("mesher.storage.check_ins.MAX_MONITORS", 1)
    ledger = store(conn, check_in("ok"), check_in("error", monitor_slug="other"))
    assert ledger == {("monitor", "stored"): 1, ("monitor", "dropped"): 1}
    assert [slug for slug, *_ in check_ins(conn)] == ["nightly"]

    ledger = store(conn, check_in("ok", monitor_slug="nightly", after=timedelta(seconds=1)))
    assert ledger == {("monitor", "stored"): 1}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/api/1/cron/nightly/?sentry_key={KEY}&status=ok&duration=2.5", b""),
        ("POST", f"/api/1/cron/nightly/{KEY}/?status=ok&duration=2.5", b""),
        ("POST", f"/cron/nightly/{KEY}/", b'{"status":"ok","duration":2.5}'),
    ],
)
def test_a_check_in_by_url_is_answered_202_with_nothing(ingest, method, path, body):
    answer = ingest.request(method, path, content=body)

    assert (answer.status_code, answer.content) == (202, b"")
    [record] = ingest.journal()
    [new] = digest_record(record).companions.check_ins
    report = new.report
    assert (report.slug, report.status, report.duration_seconds) == ("nightly", "ok", 2.5)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/1/cron/nightly/?status=ok", b"", 401),
        (f"/api/1/cron/nightly/{'f' * 32}/?status=ok", b"", 403),
        (f"/api/1/cron/nightly/{KEY}/", b"", 400),
        (f"/api/1/cron/nightly/{KEY}/", b"[]", 400),
        (f"/api/1/cron/nightly/{KEY}/", b"{", 400),
        (f"/api/1/cron/!/{KEY}/?status=ok", b"", 400),
        (f"/api/1/cron/nightly/{KEY}/?" + "a=1&" * 200, b"", 400),
    ],
)
def test_a_check_in_that_cannot_be_taken_is_refused(ingest, path, body, status):
    answer = ingest.post(path, body)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert ingest.journal() == []
