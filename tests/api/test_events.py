from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from mesher.storage.connection import connect
from tenants import BEGIN, Tenant

EVENT = {
    "message": "the till is locked",
    "level": "warning",
    "tags": {"region": "eu-west"},
    "user": {"id": "17"},
    "extra": {"till": {"drawer": [1, 2]}},
    "contexts": {"till": {"serial": "T-1"}},
}


@pytest.fixture
def ids(store: Any) -> list[str]:
    """Five events of one issue, oldest first."""
    return store(*[EVENT] * 5)


@pytest.fixture
def issue_path(call: Any, tenant: Tenant, ids: list[str]) -> str:
    (issue,) = call("GET", f"/projects/{tenant.project.id}/issues").json()["items"]
    return f"/issues/{issue['id']}"


def _hex(event: dict[str, Any]) -> str:
    return uuid.UUID(event["id"]).hex


def test_the_events_of_an_issue_come_latest_first_and_page_by_page(
    call: Any, issue_path: str, ids: list[str]
) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        following = f"&cursor={cursor}" if cursor else ""
        page = call("GET", f"{issue_path}/events?limit=2{following}").json()
        seen += map(_hex, page["items"])
        cursor = page["next_cursor"]
    assert seen == ids[::-1]


def test_a_listed_event_says_what_a_list_needs(call: Any, issue_path: str) -> None:
    event = call("GET", f"{issue_path}/events").json()["items"][0]
    assert event["message"] == "the till is locked"
    assert event["level"] == "warning"
    assert event["tags"]["region"] == "eu-west"
    assert event["user_context"] == {"id": "17"}
    assert event["received_at"] == "2026-11-20T12:00:05Z"
    assert "payload" not in event


def test_an_event_is_shown_with_everything_that_was_sent(
    call: Any, issue_path: str, ids: list[str]
) -> None:
    event = call("GET", f"{issue_path}/events/{ids[2]}").json()
    assert event["id"] == str(uuid.UUID(ids[2]))
    assert event["payload"]["event_id"] == ids[2]
    assert event["payload"]["extra"] == {"till": {"drawer": [1, 2]}}
    assert event["payload"]["contexts"]["till"]["serial"] == "T-1"
    assert event["grouping"]["explanation"]["variant"] == "message"


def test_neighbours_lead_from_the_oldest_event_to_the_latest_and_back(
    call: Any, issue_path: str, ids: list[str]
) -> None:
    forth = [call("GET", f"{issue_path}/events/oldest").json()]
    while following := forth[-1]["next_event_id"]:
        forth.append(call("GET", f"{issue_path}/events/{following}").json())
    back = [call("GET", f"{issue_path}/events/latest").json()]
    while before := back[-1]["previous_event_id"]:
        back.append(call("GET", f"{issue_path}/events/{before}").json())
    assert [_hex(event) for event in forth] == ids
    assert [_hex(event) for event in back] == ids[::-1]


def test_neighbours_of_the_same_moment_are_each_passed_once(
    call: Any, store: Any, tenant: Tenant
) -> None:
    """A bulk request gives all of its events one time of receipt."""
    for _ in range(4):
        store({"message": "at once"}, begin=BEGIN)
    (issue,) = call("GET", f"/projects/{tenant.project.id}/issues").json()["items"]
    event = call("GET", f"/issues/{issue['id']}/events/oldest").json()
    seen = [event["id"]]
    while following := event["next_event_id"]:
        event = call("GET", f"/issues/{issue['id']}/events/{following}").json()
        seen.append(event["id"])
    assert len(set(seen)) == len(seen) == 4


def test_an_event_is_found_by_the_id_that_its_sdk_knows(
    call: Any, tenant: Tenant, issue_path: str, ids: list[str]
) -> None:
    by_issue = call("GET", f"{issue_path}/events/{ids[0]}").json()
    for spelling in (ids[0], ids[0].upper(), str(uuid.UUID(ids[0]))):
        answer = call("GET", f"/projects/{tenant.project.id}/events/{spelling}")
        assert answer.json() == by_issue


def test_an_event_of_another_issue_is_not_found(call: Any, store: Any, issue_path: str) -> None:
    (other,) = store({"message": "something else"})
    assert call("GET", f"{issue_path}/events/{other}").status_code == 404


def test_an_issue_whose_events_have_expired_has_no_latest(
    call: Any, issue_path: str, database_url: str
) -> None:
    with connect(database_url, application_name="test") as conn:
        conn.execute("DELETE FROM events")
    assert call("GET", f"{issue_path}/events").json() == {"items": [], "next_cursor": None}
    for name in ("latest", "oldest"):
        assert call("GET", f"{issue_path}/events/{name}").status_code == 404


def test_an_event_that_was_stored_without_its_payload_still_has_its_message(
    call: Any, issue_path: str, ids: list[str], database_url: str
) -> None:
    with connect(database_url, application_name="test") as conn:
        conn.execute("UPDATE events SET payload = NULL")
    event = call("GET", f"{issue_path}/events/{ids[0]}").json()
    assert event["payload"]["logentry"] == {"formatted": "the till is locked"}


def test_the_answer_is_json_that_any_reader_takes(call: Any, issue_path: str) -> None:
    answer = call("GET", f"{issue_path}/events/latest")
    assert answer.headers["content-type"] == "application/json"
    json.loads(answer.content)


def test_an_event_says_what_was_cut_of_it_by_whom(call: Any, store: Any, tenant: Tenant) -> None:
    annotations = {"message": {"": {"len": 9000}}}
    (event_id,) = store({"message": "m", "extra": {"log": "x" * 100_000}, "_meta": annotations})
    event = call("GET", f"/projects/{tenant.project.id}/events/{event_id}").json()
    assert event["payload"]["errors"] == [{"type": "value_too_long", "name": "extra.log"}]
    assert len(event["payload"]["extra"]["log"]) < 20_000
    assert event["payload"]["_meta"] == annotations
