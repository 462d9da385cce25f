from __future__ import annotations

from typing import Any

import pytest

from tenants import Tenant, store_events


def _failure(name: str, value: str, *functions: str) -> dict[str, Any]:
    frames = [
        {"module": "shop", "function": function, "filename": "shop.py", "in_app": True}
        for function in functions
    ]
    exception = {"type": name, "value": value, "stacktrace": {"frames": frames}}
    return {"platform": "python", "exception": {"values": [exception]}}


@pytest.fixture
def issues(call: Any, tenant: Tenant) -> Any:
    def find() -> dict[str, dict[str, Any]]:
        page = call("GET", f"/projects/{tenant.project.id}/issues").json()
        return {issue["title"]: issue for issue in page["items"]}

    return find


def test_similar_issues_are_found_the_most_similar_first(
    call: Any, store: Any, issues: Any
) -> None:
    store(
        _failure("TillLocked", "the till is locked", "serve", "open", "pay"),
        _failure("TillLocked", "the till was locked", "serve", "open", "refund"),
        _failure("TillLocked", "the till is locked", "serve", "open", "retry", "pay"),
        _failure("OSError", "no space left on device", "backup"),
    )
    found = call("GET", f"/issues/{issues()['TillLocked: the till was locked']['id']}/similar")
    similar = found.json()
    assert [it["issue"]["event_count"] for it in similar] == [1, 1]
    assert {it["issue"]["title"] for it in similar} == {"TillLocked: the till is locked"}
    assert similar[0]["likeness"]["score"] > similar[1]["likeness"]["score"] > 0.3
    assert similar[0]["likeness"]["reasons"] == [
        "the same exception type: TillLocked",
        "2 of 4 calls in common",
        "words in common: locked, the, till",
    ]


def test_an_issue_without_its_like_has_no_similar_ones(call: Any, store: Any, issues: Any) -> None:
    store(_failure("TillLocked", "x", "pay"), _failure("OSError", "y", "backup"))
    assert call("GET", f"/issues/{issues()['OSError: y']['id']}/similar").json() == []


def test_the_same_issue_in_another_project_is_not_similar(
    call: Any, client: Any, database_url: str, store: Any, issues: Any
) -> None:
    other = client.make_tenant("bob")
    store_events(database_url, other.project, _failure("TillLocked", "x", "pay"))
    store(_failure("TillLocked", "x", "pay"))
    [issue] = issues().values()
    assert call("GET", f"/issues/{issue['id']}/similar").json() == []


def test_an_unmerged_issue_is_found_again(call: Any, store: Any, issues: Any) -> None:
    store(
        _failure("TillLocked", "is locked", "serve", "open", "pay"),
        _failure("TillLocked", "was locked", "serve", "open", "pay", "again"),
    )
    one, other = (issue["id"] for issue in issues().values())
    call("POST", f"/issues/{one}/merge", json={"issues": [other]})
    assert call("GET", f"/issues/{one}/similar").json() == []
    call("POST", f"/issues/{one}/unmerge", json={"issues": [other]})
    assert [it["issue"]["id"] for it in call("GET", f"/issues/{one}/similar").json()] == [other]
