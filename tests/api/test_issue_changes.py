"""Merging, splitting and undoing over the API."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from mesher import regrouping
from mesher.storage.connection import connect
from mesher.storage.issue_changes import continue_change, find_unfinished
from serving import Client
from tenants import Tenant


def _failure(name: str, **more: Any) -> dict[str, Any]:
    frame = {"module": "till", "function": "pay", "filename": "till.py", "in_app": True}
    exception = {"type": name, "value": "x", "stacktrace": {"frames": [frame]}}
    return {"platform": "python", "exception": {"values": [exception]}, **more}


@pytest.fixture
def issues(call: Any, tenant: Tenant) -> Any:
    """The issues of the project by their exception's type."""

    def find() -> dict[str, dict[str, Any]]:
        page = call("GET", f"/projects/{tenant.project.id}/issues").json()
        return {issue["title"].partition(":")[0]: issue for issue in page["items"]}

    return find


@pytest.fixture
def three(store: Any, issues: Any) -> dict[str, dict[str, Any]]:
    """Three issues: A with one event, B with two, C with three."""
    store(*(_failure(name) for name in "ABBCCC"))
    found: dict[str, dict[str, Any]] = issues()
    return found


def test_issues_are_merged_with_their_events(
    call: Any, store: Any, issues: Any, three: dict[str, Any]
) -> None:
    path = f"/issues/{three['A']['id']}"
    answer = call("POST", f"{path}/merge", json={"issues": [three[it]["id"] for it in "BC"]})
    assert answer.status_code == 200
    shown = answer.json()
    assert sorted((it["other_title"], it["moved_events"]) for it in shown) == [
        ("B: x", 2),
        ("C: x", 3),
    ]
    assert {(it["kind"], it["state"], it["made_by"]) for it in shown} == {
        ("merge", "done", "write")
    }
    store(_failure("B"))
    assert {name: issue["event_count"] for name, issue in issues().items()} == {"A": 7}
    assert len(call("GET", f"{path}/events").json()["items"]) == 7
    assert [it["is_own"] for it in call("GET", f"{path}/fingerprints").json()] == [
        True,
        False,
        False,
    ]


def test_a_merged_issue_is_not_found_and_the_hint_says_where_it_is(
    call: Any, three: dict[str, Any]
) -> None:
    target = three["A"]["id"]
    call("POST", f"/issues/{target}/merge", json={"issues": [three["B"]["id"]]})
    answer = call("GET", f"/issues/{three['B']['id']}")
    assert (answer.status_code, answer.json()["hint"]) == (
        404,
        f"it was merged into issue {target}",
    )


def test_a_merged_issue_is_unmerged_with_what_came_since(
    call: Any, store: Any, issues: Any, three: dict[str, Any]
) -> None:
    path = f"/issues/{three['A']['id']}"
    call("POST", f"{path}/merge", json={"issues": [three["B"]["id"], three["C"]["id"]]})
    store(_failure("B"))
    answer = call("POST", f"{path}/unmerge", json={"issues": [three["B"]["id"]]})
    assert [(it["state"], it["undone_by"]) for it in answer.json()] == [("undone", "write")]
    assert {name: issue["event_count"] for name, issue in issues().items()} == {"A": 4, "B": 3}
    again = call("POST", f"{path}/unmerge", json={"issues": [three["B"]["id"]]})
    assert (again.status_code, again.json()["field"]) == (400, "issues[0]")


def test_a_release_is_split_off_and_the_split_is_undone(
    call: Any, store: Any, tenant: Tenant
) -> None:
    store(_failure("A", release="1"), _failure("A", release="2"))
    listed = f"/projects/{tenant.project.id}/issues"
    [issue] = call("GET", listed).json()["items"]
    [change] = call("POST", f"/issues/{issue['id']}/split", json={"release": "2"}).json()
    assert (change["kind"], change["by"]["release"]) == ("split", "2")
    new = call("GET", f"/issues/{change['other_id']}").json()
    assert (new["title"], new["event_count"]) == ("A: x", 1)
    assert new["grouping"]["explanation"]["parts"]
    store(_failure("A", release="2"), _failure("A", release="3"))
    assert call("GET", f"/issues/{change['other_id']}").json()["event_count"] == 2

    undone = call("POST", f"/issues/{issue['id']}/changes/{change['id']}/undo")
    assert undone.json()[0]["state"] == "undone"
    [whole] = call("GET", listed).json()["items"]
    assert whole["event_count"] == 4
    assert [it["id"] for it in call("GET", f"/issues/{issue['id']}/changes").json()] == [
        change["id"]
    ]


def test_a_merge_is_split_by_frame(call: Any, store: Any, three: dict[str, Any]) -> None:
    path = f"/issues/{three['A']['id']}"
    answer = call("POST", f"{path}/split", json={"frame": {"module": "till", "function": "pay"}})
    assert answer.json()[0]["moved_events"] == 1


@pytest.mark.parametrize("by", [{"release": "9"}, {"frame": {"function": "nowhere"}}])
def test_a_split_that_no_event_meets_is_refused(
    call: Any, three: dict[str, Any], by: dict[str, Any]
) -> None:
    answer = call("POST", f"/issues/{three['A']['id']}/split", json=by)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("merge", {"issues": []}, "issues"),
        ("merge", {"issues": ["x"] * 51}, "issues"),
        ("merge", {}, ""),
        ("merge", {"issues": "all"}, "issues"),
        ("split", {"file": "till.py"}, ""),
        ("split", {"frame": {"file": "till.py"}}, "frame"),
        ("split", {"fingerprints": ["unknown"]}, "fingerprints"),
    ],
)
def test_a_body_that_does_not_fit_is_told_by_its_field(
    call: Any, three: dict[str, Any], action: str, body: dict[str, Any], field: str
) -> None:
    answer = call("POST", f"/issues/{three['A']['id']}/{action}", json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_a_body_that_is_no_json_is_refused(call: Any, three: dict[str, Any]) -> None:
    answer = call("POST", f"/issues/{three['A']['id']}/merge", content=b"{")
    assert answer.status_code == 400


def test_a_token_to_read_changes_nothing(call: Any, issues: Any, three: dict[str, Any]) -> None:
    for action, body in (
        ("merge", {"issues": [three["B"]["id"]]}),
        ("unmerge", {"issues": [three["B"]["id"]]}),
        ("split", {"release": "1"}),
        (f"changes/{uuid.uuid4()}/undo", None),
    ):
        path = f"/issues/{three['A']['id']}/{action}"
        assert call("POST", path, scope="read", json=body).status_code == 403
    assert issues() == three


def test_issues_of_two_projects_are_not_merged(
    call: Any, client: Client, database_url: str, three: dict[str, Any]
) -> None:
    with connect(database_url, application_name="test") as conn:
        conn.execute(
            "WITH other AS (INSERT INTO projects (org_id, name)"
            " SELECT org_id, 'second' FROM projects LIMIT 1 RETURNING id)"
            " UPDATE issues SET project_id = other.id FROM other WHERE issues.id = %s",
            (three["B"]["id"],),
        )
    path = f"/issues/{three['A']['id']}/merge"
    answer = call("POST", path, json={"issues": [three["C"]["id"], three["B"]["id"]]})
    assert (answer.status_code, answer.json()["field"]) == (400, "issues[1]")


def test_what_is_too_much_for_a_request_is_left_to_the_jobs(
    call: Any,
    three: dict[str, Any],
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(regrouping, "MAX_EVENTS_AT_ONCE", 1)
    path = f"/issues/{three['A']['id']}"
    merging = {"issues": [three["B"]["id"], three["C"]["id"]]}
    shown = call("POST", f"{path}/merge", json=merging).json()
    assert {it["state"] for it in shown} == {"moving"}
    assert call("GET", path).json()["event_count"] == 6  # at once
    refused = [
        call("POST", f"{path}/changes/{shown[0]['id']}/undo"),
        call("DELETE", path),
    ]
    assert [(it.status_code, it.json()["code"]) for it in refused] == [(409, "conflict")] * 2
    with connect(database_url, application_name="test") as conn:
        queued = conn.execute("SELECT task_name FROM procrastinate_jobs").fetchall()
        assert queued == [("move_events",)]
        for change in find_unfinished(conn):
            list(continue_change(conn, change))
    assert {it["state"] for it in call("GET", f"{path}/changes").json()} == {"done"}
    assert len(call("GET", f"{path}/events").json()["items"]) == 6


def test_an_event_is_shown_by_its_id_while_it_is_still_to_be_moved(
    call: Any, store: Any, tenant: Tenant, issues: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(_failure("A"))
    event_ids = store(_failure("B"), _failure("B"))
    monkeypatch.setattr(regrouping, "MAX_EVENTS_AT_ONCE", 0)
    monkeypatch.setattr("mesher.storage.issue_moves.BATCH_EVENTS", 1)
    call("POST", f"/issues/{issues()['A']['id']}/merge", json={"issues": [issues()["B"]["id"]]})
    for event_id in event_ids:
        shown = call("GET", f"/projects/{tenant.project.id}/events/{event_id}")
        assert shown.status_code == 200
