"""Many issues changed at once, by ids or by a query, and changed back."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy

from mesher.storage.connection import connect
from serving import Client
from tenants import Tenant, make_token, store_events


@pytest.fixture
def path(tenant: Tenant) -> str:
    return f"/projects/{tenant.project.id}/issues"


@pytest.fixture
def ids(call: Any, store: Any, path: str) -> dict[str, str]:
    """The ids of three issues by their titles."""
    store(*({"message": name, "tags": {"shop": name}} for name in ("apple", "pear", "plum")))
    return {row["title"]: row["id"] for row in call("GET", path).json()["items"]}


def _states(call: Any, path: str, field: str = "status") -> dict[str, Any]:
    return {row["title"]: row[field] for row in call("GET", path).json()["items"]}


def test_the_issues_with_these_ids_are_changed(call: Any, path: str, ids: dict[str, str]) -> None:
    chosen = [ids["apple"], ids["plum"], ids["apple"]]
    answer = call("PATCH", path, json={"ids": chosen, "status": "resolved", "assigned_to": "me"})
    assert answer.status_code == 200
    assert sorted(answer.json()["changed"]) == sorted(set(chosen))
    assert (answer.json()["not_changed"], answer.json()["more"]) == ([], False)
    assert _states(call, path) == {"apple": "resolved", "pear": "unresolved", "plum": "resolved"}
    assert _states(call, path, "assignee") == {"apple": "ada", "pear": None, "plum": "ada"}


def test_all_that_a_query_finds_are_changed(call: Any, path: str, ids: dict[str, str]) -> None:
    since = {"since": "2026-11-20T00:00:00Z"}
    body = {"query": "is:unresolved shop:[apple, pear]", "status": "archived", **since}
    answer = call("PATCH", path, json=body)
    assert sorted(answer.json()["changed"]) == sorted([ids["apple"], ids["pear"]])
    assert call("PATCH", path, json=body).json() == {
        "action_id": None,
        "changed": [],
        "not_changed": [],
        "more": False,
    }
    assert len(call("PATCH", path, json={"query": "", "status": "resolved"}).json()["changed"]) == 3


def test_what_is_not_changed_is_named_with_its_reason(
    client: Client, call: Any, path: str, ids: dict[str, str], database_url: str
) -> None:
    bob = client.make_tenant("bob")
    store_events(database_url, bob.project, {"message": "secret"})
    headers = {"authorization": f"Bearer {bob.tokens['read']}"}
    listed = client.get(f"/api/v1/projects/{bob.project.id}/issues", headers=headers)
    foreign, missing = listed.json()["items"][0]["id"], str(uuid.uuid4())
    call("POST", f"/issues/{ids['pear']}/resolve")
    chosen = [ids["apple"], ids["pear"], foreign, missing]
    answer = call("PATCH", path, json={"ids": chosen, "status": "resolved"}).json()
    assert answer["changed"] == [ids["apple"]]
    assert {one["id"]: one["reason"] for one in answer["not_changed"]} == {
        ids["pear"]: "same_already",
        foreign: "not_found",
        missing: "not_found",
    }


def test_issues_of_projects_without_a_release_are_not_resolved_in_the_next(
    call: Any, path: str, ids: dict[str, str]
) -> None:
    body = {"ids": [ids["pear"]], "status": "resolved", "resolution": {"in_next_release": True}}
    answer = call("PATCH", path, json=body).json()
    assert answer["not_changed"] == [{"id": ids["pear"], "reason": "no_release"}]


def test_issues_of_a_whole_organization_are_changed_and_changed_back(
    call: Any, tenant: Tenant, ids: dict[str, str], path: str, database_url: str
) -> None:
    made = call(
        "POST",
        f"/organizations/{tenant.org_id}/projects",
        scope="admin",
        json={"name": "Second", "slug": "second"},
    ).json()
    second = f"/projects/{made['id']}/issues"
    with connect(database_url, application_name="test") as conn:
        conn.execute(
            "INSERT INTO issues (project_id, fingerprint, title, level)"
            " VALUES (%s, 'f', 'quince', 'error')",
            (made["id"],),
        )
    answer = call(
        "PATCH",
        f"/organizations/{tenant.org_id}/issues",
        json={"query": "is:unresolved", "status": "archived"},
    ).json()
    assert len(answer["changed"]) == 4
    assert _states(call, second) == {"quince": "archived"}
    undone = call("POST", f"/issue-actions/{answer['action_id']}/undo")
    assert sorted(undone.json()["changed"]) == sorted(answer["changed"])
    assert set(_states(call, path).values()) | set(_states(call, second).values()) == {"unresolved"}


def test_a_change_is_undone_for_each_issue_as_it_was(
    call: Any, path: str, ids: dict[str, str]
) -> None:
    call("POST", f"/issues/{ids['pear']}/archive", json={"events": 7})
    call("PATCH", f"/issues/{ids['plum']}", json={"assigned_to": "me"})
    before = call("GET", path).json()
    made = call("PATCH", path, json={"query": "", "status": "resolved", "assigned_to": None})
    assert len(made.json()["changed"]) == 3
    undone = call("POST", f"/issue-actions/{made.json()['action_id']}/undo").json()
    assert (len(undone["changed"]), undone["not_changed"]) == (3, [])
    assert call("GET", path).json() == before


def test_undoing_leaves_issues_alone_that_were_changed_since(
    call: Any, store: Any, path: str, ids: dict[str, str]
) -> None:
    made = call("PATCH", path, json={"query": "", "status": "resolved"}).json()
    call("POST", f"/issues/{ids['apple']}/archive")
    store({"message": "pear"}, begin=datetime.now(UTC) + timedelta(seconds=1))  # it came back
    undone = call("POST", f"/issue-actions/{made['action_id']}/undo").json()
    assert undone["changed"] == [ids["plum"]]
    reasons = {one["id"]: one["reason"] for one in undone["not_changed"]}
    assert reasons == {ids["apple"]: "changed_since", ids["pear"]: "changed_since"}
    assert _states(call, path) == {
        "apple": "archived",
        "pear": "unresolved",
        "plum": "unresolved",
    }
    assert _states(call, path, "substatus")["pear"] == "regressed"


def test_a_change_is_undone_once(call: Any, path: str, ids: dict[str, str]) -> None:
    made = call("PATCH", path, json={"ids": [ids["plum"]], "status": "resolved"}).json()
    assert call("POST", f"/issue-actions/{made['action_id']}/undo").status_code == 200
    again = call("POST", f"/issue-actions/{made['action_id']}/undo")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_after_an_hour_a_change_is_not_undone(
    call: Any, path: str, ids: dict[str, str], database_url: str
) -> None:
    made = call("PATCH", path, json={"ids": [ids["plum"]], "status": "resolved"}).json()
    with connect(database_url, application_name="test") as conn:
        conn.execute("UPDATE issue_actions SET made_at = made_at - interval '61 minutes'")
    assert call("POST", f"/issue-actions/{made['action_id']}/undo").status_code == 409
    assert _states(call, path)["plum"] == "resolved"


def test_a_token_for_one_project_undoes_what_was_done_in_that_one_alone(
    client: Client, call: Any, tenant: Tenant, path: str, ids: dict[str, str]
) -> None:
    call(
        "POST",
        f"/organizations/{tenant.org_id}/projects",
        scope="admin",
        json={"name": "Second", "slug": "second"},
    )

    async def narrow() -> str:
        engine = client.resources.engine
        return await make_token(
            engine, tenant.user_id, tenant.org_id, scope="write", project=tenant.project
        )

    headers = {"authorization": f"Bearer {client.call(narrow)}"}
    whole = call(
        "PATCH",
        f"/organizations/{tenant.org_id}/issues",
        json={"query": "", "status": "resolved"},
    ).json()
    one = call("PATCH", path, json={"query": "", "status": "archived"}).json()
    undo = "/api/v1/issue-actions/{}/undo"
    assert client.post(undo.format(whole["action_id"]), headers=headers).status_code == 404
    assert client.post(undo.format(one["action_id"]), headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": "resolved"}, "ids"),
        ({"ids": [], "status": "resolved"}, "ids"),
        ({"ids": ["x"], "status": "resolved"}, "ids[0]"),
        ({"ids": [str(uuid.uuid4())], "query": "", "status": "resolved"}, "ids"),
        ({"ids": [str(uuid.uuid4())]}, ""),
        ({"ids": [str(uuid.uuid4())], "status": "deleted"}, "status"),
        ({"query": "is:foo", "status": "resolved"}, "query"),
        ({"query": "", "since": "2026-11-26T00:00:00", "status": "resolved"}, "since"),
    ],
)
def test_a_change_that_does_not_say_what_it_means_is_refused(
    call: Any, path: str, body: dict[str, Any], field: str
) -> None:
    answer = call("PATCH", path, json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_more_than_a_thousand_ids_are_refused(call: Any, path: str) -> None:
    many = [str(uuid.uuid4()) for _ in range(1001)]
    answer = call("PATCH", path, json={"ids": many, "status": "resolved"})
    assert (answer.status_code, answer.json()["field"]) == (400, "ids")


def test_a_thousand_issues_are_changed_in_one_request_by_a_few_statements(
    client: Client, call: Any, tenant: Tenant, path: str, database_url: str
) -> None:
    statements: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    with connect(database_url, application_name="test") as conn:
        made = conn.execute(
            "INSERT INTO issues (project_id, fingerprint, title, level)"
            " SELECT %s, n::text, 'issue ' || n, 'error' FROM generate_series(1, 1000) AS n"
            " RETURNING id",
            (tenant.project.id,),
        ).fetchall()
    engine = client.resources.engine.sync_engine
    sqlalchemy.event.listen(engine, "before_cursor_execute", note)
    answer = call(
        "PATCH",
        path,
        json={"ids": [str(one) for (one,) in made], "status": "resolved", "assigned_to": "me"},
    )
    assert len(answer.json()["changed"]) == 1000
    undone = call("POST", f"/issue-actions/{answer.json()['action_id']}/undo")
    sqlalchemy.event.remove(engine, "before_cursor_execute", note)
    assert len(undone.json()["changed"]) == 1000
    assert 0 < len(statements) < 100


def test_where_a_query_finds_more_than_fit_the_answer_says_so(
    call: Any, path: str, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesher.api.issue_bulk.MAX_CHANGED_AT_ONCE", 2)
    body = {"query": "is:unresolved", "status": "resolved"}
    first, second = (call("PATCH", path, json=body).json() for _ in range(2))
    assert (len(first["changed"]), first["more"]) == (2, True)
    assert (len(second["changed"]), second["more"]) == (1, False)


def test_changes_of_many_issues_and_batches_of_events_never_wait_for_each_other_in_a_circle(
    call: Any, tenant: Tenant, path: str, database_url: str
) -> None:
    """Each comes back by each batch that is stored after it was resolved, and says so each time."""
    begin = datetime.now(UTC) + timedelta(minutes=1)
    names = [{"message": f"m{number}", "fingerprint": [str(number)]} for number in range(40)]
    store_events(database_url, tenant.project, *names, begin=begin)
    failures: list[Exception] = []
    stop = threading.Event()

    def keep_coming(payloads: list[dict[str, Any]]) -> None:
        try:
            while not stop.is_set():
                store_events(database_url, tenant.project, *payloads, begin=begin)
        except Exception as error:  # noqa: BLE001 - asserted on below
            failures.append(error)

    threads = [threading.Thread(target=keep_coming, args=(names[::step],)) for step in (1, -1)]
    for thread in threads:
        thread.start()
    resolved = 0
    for _ in range(10):
        answer = call("PATCH", path, json={"query": "is:unresolved", "status": "resolved"})
        assert answer.status_code == 200, answer.text
        resolved += len(answer.json()["changed"])
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    store_events(database_url, tenant.project, *names, begin=begin)
    assert set(_states(call, f"{path}?limit=100").values()) == {"unresolved"}
    with connect(database_url, application_name="test") as conn:
        counted = conn.execute(
            "SELECT count(*) FILTER (WHERE kind = 'resolved'),"
            " count(*) FILTER (WHERE kind = 'regressed') FROM issue_activity"
        ).fetchone()
    assert counted == (resolved, resolved)
    assert resolved >= 40
