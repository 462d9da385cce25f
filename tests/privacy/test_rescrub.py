"""Scrubbing of what is stored already, by the rules that a project has now."""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import pytest
import zstandard

from fake_secrets import BY_FORM
from mesher.privacy import rescrub
from mesher.privacy.record import list_recorded
from mesher.privacy.rescrub import Progress, count_events, scrub_stored
from mesher.protocol.event import Event
from mesher.storage import rewriting
from mesher.storage.new_feedback import NewFeedback, insert_feedback
from tenants import BEGIN

TOKEN = BY_FORM["GitHub token"](1)
SECRET_EVENT = {
    "exception": [{"type": "E", "value": f"refused {TOKEN}"}],
    "transaction": f"/x/{TOKEN}",
    "extra": {"password": "hunter2", "n": 1},
    "breadcrumbs": [{"message": f"with {TOKEN}"}],
    "tags": {"note": TOKEN},
    "user": {"id": "7", "note": TOKEN},
}


def run(conn, project_id, **options) -> Progress:
    *_, last = scrub_stored(conn, project_id, since=BEGIN, actor="test", **options)
    return last


def everything(conn) -> str:
    """All that is stored of events, issues and feedback."""
    rows = [
        conn.execute(f"SELECT to_jsonb(t) FROM {table} AS t").fetchall()
        for table in ("events", "issues", "user_feedback")
    ]
    payloads = conn.execute("SELECT payload FROM events WHERE payload IS NOT NULL").fetchall()
    return str(rows) + str([zstandard.decompress(payload) for (payload,) in payloads])


def test_secrets_that_are_stored_go_from_events_issues_and_feedback(conn, store, ada) -> None:
    store(ada, SECRET_EVENT, {"message": "harmless"})
    feedback = NewFeedback(
        project_id=ada.project.id,
        event_id=ada.project.id,
        received_at_us=int(BEGIN.timestamp() * 1e6),
        name="Eva",
        email="eva@x.example",
        comments=f"I used {TOKEN}",
        url=f"https://x.example/?token={TOKEN}",
    )
    list(insert_feedback(conn, [feedback]))
    assert TOKEN in everything(conn)

    assert run(conn, ada.project.id) == Progress(2, 1, 1, 1)

    assert TOKEN not in everything(conn)
    assert "hunter2" not in everything(conn)
    [(title, culprit)] = conn.execute(
        "SELECT title, culprit FROM issues WHERE title LIKE 'E:%'"
    ).fetchall()
    assert (title, culprit) == ("E: refused [GitHub token]", "/x/[GitHub token]")
    [(payload, extra, message)] = conn.execute(
        "SELECT payload, extra, message FROM events WHERE message LIKE 'E:%'"
    ).fetchall()
    assert (extra, message) == ({"password": "[Filtered]", "n": 1}, "E: refused [GitHub token]")
    event = msgspec.json.decode(zstandard.decompress(payload), type=Event)
    assert ("scrubbed", "password", "sensitive key") in [
        (error.type, error.name, error.value) for error in event.errors
    ]
    assert [one.events for one in list_recorded(conn, ada.project.id)] == [1]
    assert run(conn, ada.project.id) == Progress(2, 0, 0, 0)


def test_what_is_counted_and_grouped_stays(conn, store, ada) -> None:
    store(ada, SECRET_EVENT)
    figures = "SELECT id, fingerprint, event_count, first_seen, last_seen, status FROM issues"
    before = conn.execute(figures).fetchall()
    run(conn, ada.project.id)
    assert conn.execute(figures).fetchall() == before


def test_a_dry_run_counts_and_changes_nothing(conn, store, ada) -> None:
    store(ada, SECRET_EVENT)
    before = everything(conn)

    assert run(conn, ada.project.id, dry_run=True) == Progress(1, 1, 1, 0)

    assert everything(conn) == before
    assert list_recorded(conn, ada.project.id) == []


def test_settings_of_now_decide_and_reach_back_to_a_day(conn, store, ada) -> None:
    payload = {"message": "x", "extra": {"colour": "red"}, "user": {"ip_address": "203.0.113.77"}}
    store(ada, payload, begin=BEGIN - timedelta(days=2))
    store(ada, payload)
    conn.execute(
        "UPDATE projects SET ingest_settings = %s",
        (json.dumps({"scrub_keys": ["colour"], "ip_addresses": "shorten"}),),
    )
    assert count_events(conn, ada.project.id, BEGIN) == 1

    assert run(conn, ada.project.id).changed_events == 1

    rows = conn.execute(
        "SELECT extra ->> 'colour', user_context ->> 'ip_address', tags ->> 'user' FROM events"
        " ORDER BY received_at"
    ).fetchall()
    assert rows == [
        ("red", "203.0.113.77", "ip:203.0.113.77"),
        ("[Filtered]", "203.0.113.0", "ip:203.0.113.0"),
    ]
    conn.execute(
        "UPDATE projects SET ingest_settings = %s", (json.dumps({"ip_addresses": "remove"}),)
    )
    run(conn, ada.project.id)
    assert "203.0.113.0" not in everything(conn)


def test_a_project_that_wants_everything_kept_is_left_alone(conn, store, ada) -> None:
    store(ada, SECRET_EVENT)
    conn.execute("UPDATE projects SET ingest_settings = %s", (json.dumps({"scrub": False}),))
    assert list(scrub_stored(conn, ada.project.id, since=BEGIN, actor="test")) == []


def test_another_project_is_left_alone(conn, store, ada, bob) -> None:
    store(bob, SECRET_EVENT)
    assert run(conn, ada.project.id) == Progress(0, 0, 0, 0)
    assert TOKEN in everything(conn)


def test_events_without_a_payload_are_scrubbed_by_their_columns(conn, store, ada) -> None:
    store(ada, SECRET_EVENT, {"message": f"only {TOKEN}"}, {"message": "harmless"})
    conn.execute("UPDATE events SET payload = NULL")
    assert run(conn, ada.project.id).changed_events == 2
    assert TOKEN not in everything(conn)


def test_all_batches_are_looked_at(conn, store, ada, monkeypatch) -> None:
    monkeypatch.setattr(rewriting, "BATCH_ROWS", 2)
    store(ada, *[{"message": f"{number} {TOKEN}"} for number in range(5)])
    steps = list(scrub_stored(conn, ada.project.id, since=BEGIN, actor="test"))
    assert [step.events for step in steps] == [2, 4, 5, 5]
    assert TOKEN not in everything(conn)


@pytest.mark.parametrize("limit", [5])
def test_an_event_from_before_a_limit_was_narrowed_is_scrubbed_too(
    conn, store, ada, monkeypatch, limit
) -> None:
    store(ada, SECRET_EVENT)

    def refuse(_payload: bytes) -> Event:
        raise msgspec.ValidationError(f"longer than {limit}")

    monkeypatch.setattr(rescrub, "_decode", refuse)
    assert run(conn, ada.project.id).changed_events == 1
    assert TOKEN not in everything(conn)
