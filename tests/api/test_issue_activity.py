"""What happened to an issue, and what people write about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mesher.storage.connection import connect
from serving import Client
from tenants import Tenant


@pytest.fixture
def issue(call: Any, store: Any, tenant: Tenant) -> str:
    store({"message": "till locked", "release": "shop@1.1.0"})
    (found,) = call("GET", f"/projects/{tenant.project.id}/issues").json()["items"]
    return found["id"]


@pytest.fixture
def kinds(call: Any, issue: str) -> Any:
    def read() -> list[str]:
        return [one["kind"] for one in call("GET", f"/issues/{issue}/activity").json()["items"]]

    return read


def test_all_that_happened_is_listed_the_latest_first(
    call: Any, store: Any, issue: str, kinds: Any
) -> None:
    path = f"/issues/{issue}"
    call("PATCH", path, json={"assigned_to": "me"})
    call("POST", f"{path}/comments", json={"comment": "looking into it"})
    call("POST", f"{path}/resolve", json={"in_next_release": True})
    [event_id] = store(
        {"message": "till locked", "release": "shop@1.2.0"},
        begin=datetime.now(UTC) + timedelta(seconds=1),
    )
    call("PATCH", path, json={"assigned_to": None})
    call("POST", f"{path}/archive", json={"events": 3})
    call("POST", f"{path}/discard")
    call("POST", f"{path}/unresolve")
    assert kinds() == [
        "unresolved",
        "discarded",
        "archived",
        "unassigned",
        "regressed",
        "resolved",
        "comment",
        "assigned",
        "first_seen",
    ]
    listed = call("GET", f"{path}/activity").json()["items"]
    details = {one["kind"]: one["details"] for one in listed}
    assert details["regressed"]["release"] == "shop@1.2.0"
    assert details["regressed"]["event_id"].replace("-", "") == event_id
    assert details["resolved"]["resolution"]["after_release"] == "shop@1.1.0"
    assert details["archived"]["archive"]["events"] == 3
    assert details["assigned"]["name"] == "ada"
    names = {one["kind"]: one["actor_name"] for one in listed}
    assert (names["resolved"], names["regressed"]) == ("ada (token write)", None)


def test_a_change_that_changes_nothing_is_not_listed(call: Any, issue: str, kinds: Any) -> None:
    call("POST", f"/issues/{issue}/unresolve")
    call("PATCH", f"/issues/{issue}", json={"assigned_to": None})
    assert kinds() == ["first_seen"]


def test_a_change_of_many_and_its_undoing_are_listed_with_each(
    call: Any, tenant: Tenant, issue: str, kinds: Any
) -> None:
    path = f"/projects/{tenant.project.id}/issues"
    made = call("PATCH", path, json={"ids": [issue], "status": "resolved"}).json()
    call("POST", f"/issue-actions/{made['action_id']}/undo")
    assert kinds() == ["undone", "resolved", "first_seen"]


def test_the_pages_of_an_activity_hold_each_entry_once(call: Any, issue: str) -> None:
    for number in range(5):
        call("POST", f"/issues/{issue}/comments", json={"comment": f"comment {number}"})
    seen, cursor = [], ""
    while cursor is not None:
        following = f"&cursor={cursor}" if cursor else ""
        page = call("GET", f"/issues/{issue}/activity?limit=2{following}").json()
        seen += [one["comment"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [*(f"comment {number}" for number in (4, 3, 2, 1, 0)), None]


def test_a_comment_is_written_edited_and_deleted(call: Any, issue: str) -> None:
    path = f"/issues/{issue}/comments"
    written = call("POST", path, json={"comment": " *Not* <b>ours</b>\n"})
    assert written.status_code == 201
    assert written.json()["comment"] == "*Not* <b>ours</b>"
    assert (written.json()["kind"], written.json()["edited_at"]) == ("comment", None)
    one = f"{path}/{written.json()['id']}"
    edited = call("PATCH", one, json={"comment": "ours after all"}).json()
    assert (edited["comment"], edited["edited_at"][-1]) == ("ours after all", "Z")
    assert [it["comment"] for it in call("GET", path).json()["items"]] == ["ours after all"]
    assert call("GET", f"/issues/{issue}").json()["comments"] == 1
    assert call("DELETE", one).status_code == 204
    assert call("GET", path).json() == {"items": [], "next_cursor": None}
    assert call("PATCH", one, json={"comment": "gone"}).status_code == 404


@pytest.mark.parametrize("comment", ["", "  \n", "\0", "x" * 10_001, 7, None])
def test_a_comment_says_something_and_not_too_much(call: Any, issue: str, comment: Any) -> None:
    answer = call("POST", f"/issues/{issue}/comments", json={"comment": comment})
    assert (answer.status_code, answer.json()["field"]) == (400, "comment")


def test_a_comment_of_somebody_else_stays_as_it_is(
    client: Client, call: Any, tenant: Tenant, issue: str, database_url: str
) -> None:
    written = call("POST", f"/issues/{issue}/comments", json={"comment": "mine"}).json()
    path = f"/issues/{issue}/comments/{written['id']}"
    bob = client.make_tenant("bob")
    with connect(database_url, application_name="test") as conn:
        conn.execute("UPDATE issue_activity SET actor_id = %s", (bob.user_id,))
    assert call("PATCH", path, json={"comment": "yours"}).status_code == 403
    assert call("DELETE", path).status_code == 403
    assert call("GET", f"/issues/{issue}/comments").json()["items"][0]["comment"] == "mine"


@pytest.mark.parametrize("comment_id", ["x", "0", "9" * 30, "-1"])
def test_a_comment_that_is_not_there_is_not_found(call: Any, issue: str, comment_id: str) -> None:
    assert call("DELETE", f"/issues/{issue}/comments/{comment_id}").status_code == 404


def test_another_entry_of_the_activity_is_no_comment(call: Any, issue: str) -> None:
    call("POST", f"/issues/{issue}/resolve")
    entry = call("GET", f"/issues/{issue}/activity").json()["items"][0]
    assert call("DELETE", f"/issues/{issue}/comments/{entry['id']}").status_code == 404


def test_a_comment_of_another_issue_is_not_found_below_this_one(
    call: Any, store: Any, tenant: Tenant, issue: str
) -> None:
    store({"message": "another"})
    listed = call("GET", f"/projects/{tenant.project.id}/issues").json()["items"]
    other = next(one["id"] for one in listed if one["id"] != issue)
    written = call("POST", f"/issues/{other}/comments", json={"comment": "there"}).json()
    assert call("DELETE", f"/issues/{issue}/comments/{written['id']}").status_code == 404
