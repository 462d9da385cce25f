"""Which tags the latest events have."""

from __future__ import annotations

from typing import Any

import pytest

from tenants import Tenant


@pytest.fixture
def issue(call: Any, store: Any, tenant: Tenant) -> str:
    """An issue of five events, and another one."""
    store(
        *(
            {"message": "till locked", "release": "1.0", "tags": {"shop": name}}
            for name in ("oslo", "rome", "oslo", "oslo")
        ),
        {"message": "till locked", "release": "1.0"},
        {"message": "another", "tags": {"shop": "rome", "lamp": "green"}},
    )
    listed = call("GET", f"/projects/{tenant.project.id}/issues?query=till").json()["items"]
    return listed[0]["id"]


def _found(answer: Any) -> dict[str, list[tuple[str, int]]]:
    return {
        tag["key"]: [(value["value"], value["events"]) for value in tag["values"]]
        for tag in answer.json()["tags"]
    }


def test_the_tags_of_an_issue_are_counted_the_most_usual_value_first(call: Any, issue: str) -> None:
    answer = call("GET", f"/issues/{issue}/tags")
    found = _found(answer)
    assert answer.json()["events_examined"] == 5
    assert found["shop"] == [("oslo", 3), ("rome", 1)]
    assert found["release"] == [("1.0", 5)]
    assert "lamp" not in found
    shop = next(tag for tag in answer.json()["tags"] if tag["key"] == "shop")
    assert (shop["events"], shop["distinct_values"]) == (4, 2)
    assert shop["values"][0] == {
        "value": "oslo",
        "events": 3,
        "first_seen": "2026-11-20T12:00:01Z",
        "last_seen": "2026-11-20T12:00:04Z",
    }


def test_the_tags_of_a_project_are_those_of_all_its_issues(
    call: Any, tenant: Tenant, issue: str
) -> None:
    answer = call("GET", f"/projects/{tenant.project.id}/tags")
    assert answer.json()["events_examined"] == 6
    assert _found(answer)["shop"] == [("oslo", 3), ("rome", 2)]


def test_one_tag_is_shown_with_more_of_its_values(
    call: Any, store: Any, tenant: Tenant, issue: str
) -> None:
    store(*({"message": "till locked", "tags": {"shop": f"{n:02}"}} for n in range(30)))
    all_keys = _found(call("GET", f"/issues/{issue}/tags"))
    one = call("GET", f"/issues/{issue}/tags/shop")
    assert (len(all_keys["shop"]), len(_found(one)["shop"])) == (10, 32)
    assert list(_found(one)) == ["shop"]
    of_project = call("GET", f"/projects/{tenant.project.id}/tags/lamp")
    assert _found(of_project) == {"lamp": [("green", 1)]}


def test_a_tag_that_no_event_has_has_no_values(call: Any, issue: str) -> None:
    answer = call("GET", f"/issues/{issue}/tags/colour")
    assert answer.json() == {"events_examined": 5, "tags": []}


def test_a_project_without_events_has_no_tags(call: Any, tenant: Tenant) -> None:
    answer = call("GET", f"/projects/{tenant.project.id}/tags")
    assert answer.json() == {"events_examined": 0, "tags": []}


def test_only_the_latest_events_are_examined(
    call: Any, issue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesher.storage.tag_counts.EXAMINED_EVENTS", 2)
    answer = call("GET", f"/issues/{issue}/tags")
    assert answer.json()["events_examined"] == 2
    assert _found(answer)["shop"] == [("oslo", 1)]
