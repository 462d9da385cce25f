from __future__ import annotations

from typing import Any

import pytest

from mesher.storage.connection import connect
from tenants import Tenant


@pytest.fixture
def issue_ids(call: Any, tenant: Tenant) -> Any:
    def find() -> dict[str, str]:
        page = call("GET", f"/projects/{tenant.project.id}/issues").json()
        return {issue["title"]: issue["id"] for issue in page["items"]}

    return find


def test_an_issue_explains_itself(call: Any, store: Any, issue_ids: Any) -> None:
    store({"message": "user 17 is gone"})
    [issue_id] = issue_ids().values()
    shown = call("GET", f"/issues/{issue_id}/explanation").json()
    assert shown["is_current"] is True
    assert shown["account"]["variant"] == "message"
    assert shown["account"]["by"] == "the message, with numbers and names in it left open"
    assert shown["account"]["parts"] == [
        {
            "label": "message",
            "value": "user <number> is gone",
            "replaced": [{"text": "17", "kind": "number"}],
        }
    ]


def test_an_event_of_a_merged_issue_explains_its_own_fingerprint(
    call: Any, store: Any, issue_ids: Any
) -> None:
    store({"message": "user is gone"}, {"message": "order is lost"})
    ids = issue_ids()
    target = ids["user is gone"]
    call("POST", f"/issues/{target}/merge", json={"issues": [ids["order is lost"]]})
    shown = call("GET", f"/issues/{target}/events/latest/explanation").json()
    assert shown["account"]["parts"][0]["value"] == "order is lost"
    of_issue = call("GET", f"/issues/{target}/explanation").json()
    assert of_issue["account"]["parts"][0]["value"] == "user is gone"
    assert shown["fingerprint"] != of_issue["fingerprint"]


def test_an_event_says_when_it_would_be_grouped_otherwise_today(
    call: Any, store: Any, issue_ids: Any, database_url: str
) -> None:
    store({"message": "user is gone"})
    with connect(database_url, application_name="test") as conn:
        conn.execute("UPDATE events SET fingerprint = 'of an older algorithm'")
    [issue_id] = issue_ids().values()
    shown = call("GET", f"/issues/{issue_id}/events/latest/explanation").json()
    assert shown["is_current"] is False


def test_an_issue_without_events_and_explanation_is_explained_by_nothing(
    call: Any, store: Any, issue_ids: Any, database_url: str
) -> None:
    store({"message": "user is gone"})
    with connect(database_url, application_name="test") as conn:
        conn.execute("UPDATE issues SET grouping = NULL")
        [issue_id] = issue_ids().values()
        by_event = call("GET", f"/issues/{issue_id}/explanation").json()
        assert by_event["account"]["parts"][0]["value"] == "user is gone"
        conn.execute("DELETE FROM events")
    assert call("GET", f"/issues/{issue_id}/explanation").json()["account"]["parts"] == []


def test_two_issues_are_compared(call: Any, store: Any, issue_ids: Any) -> None:
    store({"message": "user is gone"}, {"message": "order is lost"})
    ids = issue_ids()
    shown = call("GET", f"/issues/{ids['user is gone']}/compare/{ids['order is lost']}").json()
    assert shown["same"] is False
    assert shown["first_difference"] == (
        "from the start: the one has the message “user is gone”,"
        " the other the message “order is lost”"
    )
    assert [row["same"] for row in shown["parts"]] == [False]


def test_issues_of_two_projects_are_not_compared(
    call: Any, store: Any, issue_ids: Any, database_url: str
) -> None:
    store({"message": "user is gone"}, {"message": "order is lost"})
    ids = issue_ids()
    one, other = ids.values()
    with connect(database_url, application_name="test") as conn:
        conn.execute(
            "WITH other AS (INSERT INTO projects (org_id, name)"
            " SELECT org_id, 'second' FROM projects LIMIT 1 RETURNING id)"
            " UPDATE issues SET project_id = other.id FROM other WHERE issues.id = %s",
            (other,),
        )
    assert call("GET", f"/issues/{one}/compare/{other}").status_code == 400


def test_an_event_is_explained_under_the_rules_of_its_project(
    call: Any, store: Any, issue_ids: Any, tenant: Tenant
) -> None:
    store({"message": "user 17 is gone"})
    [issue_id] = issue_ids().values()
    rules = {"rules": "message:user* -> users"}
    path = f"/projects/{tenant.project.id}/grouping/rules"
    assert call("PUT", path, scope="admin", json=rules).status_code == 200

    shown = call("GET", f"/issues/{issue_id}/events/latest/explanation").json()

    assert shown["is_current"] is False
    assert shown["account"]["by"] == "the fingerprint that a rule of the project sets"
    assert shown["account"]["rules"] == [
        {"line": 1, "text": "message:user* -> users", "sets_fingerprint": True}
    ]
