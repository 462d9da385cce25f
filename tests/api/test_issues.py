from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from mesher.storage.database import reading
from serving import Client
from tenants import BEGIN, Tenant


def _failure(name: str) -> dict[str, Any]:
    frame = {"function": "pay", "filename": "till.py", "lineno": 7, "in_app": True}
    return {
        "level": "fatal",
        "platform": "python",
        "exception": {"values": [{"type": name, "value": "x", "stacktrace": {"frames": [frame]}}]},
    }


def _titles(page: dict[str, Any]) -> list[str]:
    return [issue["title"] for issue in page["items"]]


@pytest.fixture
def issues_path(tenant: Tenant) -> str:
    return f"/projects/{tenant.project.id}/issues"


@pytest.fixture
def issue(call: Any, store: Any, issues_path: str) -> dict[str, Any]:
    """The one issue of the project, with three events."""
    store(_failure("TillLocked"), _failure("TillLocked"), _failure("TillLocked"))
    (found,) = call("GET", issues_path).json()["items"]
    return found


def test_an_issue_is_what_its_type_declares(
    call: Any, tenant: Tenant, issue: dict[str, Any]
) -> None:
    shown = call("GET", f"/issues/{issue['id']}").json()
    assert issue == shown | {name: issue[name] for name in ("events_in_window", "series")}
    assert shown["grouping"]["explanation"]["parts"]
    for name in ("id", "grouping", "fingerprint", "culprit"):
        del shown[name]
    assert shown == {
        "project_id": str(tenant.project.id),
        "title": "TillLocked: x",
        "level": "fatal",
        "status": "unresolved",
        "event_count": 3,
        "first_seen": "2026-11-20T12:00:01Z",
        "last_seen": "2026-11-20T12:00:03Z",
        "assigned_to": None,
        "platform": "python",
        "status_changed_at": None,
        "substatus": "new",
        "resolution": None,
        "archive": None,
        "assignee": None,
        "comments": 0,
    }


def test_the_latest_issue_is_listed_first(call: Any, store: Any, issues_path: str) -> None:
    store(_failure("First"), _failure("Second"), _failure("First"))
    assert _titles(call("GET", issues_path).json()) == ["First: x", "Second: x"]


def test_issues_are_listed_by_their_first_event_or_their_number_of_events(
    call: Any, store: Any, issues_path: str
) -> None:
    store(_failure("A"), _failure("B"), _failure("C"), _failure("A"), _failure("B"), _failure("A"))
    by = {
        sort: _titles(call("GET", f"{issues_path}?sort={sort}").json())
        for sort in ("last_seen", "first_seen", "events")
    }
    assert by == {
        "last_seen": ["A: x", "B: x", "C: x"],
        "first_seen": ["C: x", "B: x", "A: x"],
        "events": ["A: x", "B: x", "C: x"],
    }


@pytest.mark.parametrize("sort", ["last_seen", "first_seen", "events"])
def test_the_pages_of_a_list_hold_each_issue_once(
    call: Any, store: Any, issues_path: str, sort: str
) -> None:
    names = [f"Failure{letter}" for letter in "ABCDEFG"]
    store(*map(_failure, names))
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        following = f"&cursor={cursor}" if cursor else ""
        page = call("GET", f"{issues_path}?limit=3&sort={sort}{following}").json()
        seen += _titles(page)
        cursor = page["next_cursor"]
    assert sorted(seen) == [f"{name}: x" for name in names]


def test_a_cursor_of_another_sort_is_refused(call: Any, store: Any, issues_path: str) -> None:
    store(_failure("A"), _failure("B"))
    cursor = call("GET", f"{issues_path}?limit=1&sort=last_seen").json()["next_cursor"]
    answer = call("GET", f"{issues_path}?sort=first_seen&cursor={cursor}")
    assert (answer.status_code, answer.json()["field"]) == (400, "cursor")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("locked", ["TillLocked100%: x"]),
        ("100%25", ["TillLocked100%: x"]),  # a percent sign is itself, not a wildcard
        ("l_o", []),  # so is an underscore
        ("paper", ["PaperJam: x"]),
        ("", ["PaperJam: x", "TillLocked100%: x"]),
    ],
)
def test_issues_are_found_by_text_in_their_title(
    call: Any, store: Any, issues_path: str, query: str, found: list[str]
) -> None:
    store(_failure("TillLocked100%"), _failure("PaperJam"))
    assert _titles(call("GET", f"{issues_path}?query={query}").json()) == found


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("resolve", "resolved"),
        ("unresolve", "unresolved"),
        ("archive", "archived"),
        ("discard", "discarded"),
    ],
)
def test_an_issue_changes_its_status_and_its_place_in_the_lists(
    call: Any, issue: dict[str, Any], issues_path: str, action: str, status: str
) -> None:
    if action == "unresolve":
        call("POST", f"/issues/{issue['id']}/resolve")
    changed = call("POST", f"/issues/{issue['id']}/{action}")
    assert changed.status_code == 200
    assert changed.json()["status"] == status
    assert changed.json()["status_changed_at"].endswith("Z")
    in_list = {
        name: len(call("GET", f"{issues_path}?status={name}").json()["items"])
        for name in ("unresolved", "resolved", "archived", "discarded")
    }
    assert in_list == {**dict.fromkeys(in_list, 0), status: 1}


def test_a_resolved_issue_is_opened_by_an_event_that_comes_later(
    call: Any, store: Any, issue: dict[str, Any]
) -> None:
    call("POST", f"/issues/{issue['id']}/resolve")
    store(_failure("TillLocked"), begin=BEGIN)  # received before, digested late
    assert call("GET", f"/issues/{issue['id']}").json()["status"] == "resolved"
    store(_failure("TillLocked"), begin=datetime.now(UTC) + timedelta(seconds=1))
    reopened = call("GET", f"/issues/{issue['id']}").json()
    assert (reopened["status"], reopened["event_count"]) == ("unresolved", 5)


def test_a_discarded_issue_takes_no_more_events(
    call: Any, store: Any, issue: dict[str, Any]
) -> None:
    call("POST", f"/issues/{issue['id']}/discard")
    store(_failure("TillLocked"))
    assert call("GET", f"/issues/{issue['id']}").json()["event_count"] == 3


def test_a_deleted_issue_is_gone_with_its_events_and_only_with_those(
    client: Client, call: Any, store: Any, issue: dict[str, Any], issues_path: str
) -> None:
    store(_failure("PaperJam"))
    deleted = call("DELETE", f"/issues/{issue['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert call("GET", f"/issues/{issue['id']}").status_code == 404
    assert _titles(call("GET", issues_path).json()) == ["PaperJam: x"]

    async def stored() -> int:
        async with reading(client.resources.engine) as conn:
            return (await conn.execute(text("SELECT count(*) FROM events"))).scalar_one()

    assert client.call(stored) == 1


def test_a_deleted_issue_that_happens_again_is_a_new_one(
    call: Any, store: Any, issue: dict[str, Any], issues_path: str
) -> None:
    call("DELETE", f"/issues/{issue['id']}")
    store(_failure("TillLocked"))
    (new,) = call("GET", issues_path).json()["items"]
    assert new["id"] != issue["id"]
    assert new["event_count"] == 1
