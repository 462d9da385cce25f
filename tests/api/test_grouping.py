"""The grouping rules of a project over the API, and what they would do before they do it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mesher import preview
from mesher.storage.connection import connect
from mesher.storage.kept_grouping import list_grouping_settings
from mesher.values.grouping_settings import GroupingSettings
from serving import Client
from tenants import Tenant, store_events

RULES = "/projects/ada-shop/grouping/rules"
PREVIEW = "/projects/ada-shop/grouping/preview"
NOW = datetime.now(UTC)


def failure(kind: str, **more: Any) -> dict[str, Any]:
    return {"exception": [{"type": kind, "value": "v"}], **more}


@pytest.fixture
def try_out(call: Any) -> Any:
    """What a candidate would do, or why it cannot be tried."""

    def run(scope: str = "write", **candidate: Any) -> Any:
        answer = call("POST", PREVIEW, scope=scope, json=candidate)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return run


# Rules ---------------------------------------------------------------------------------------------


def test_a_project_begins_without_rules(call: Any, tenant: Tenant) -> None:
    assert call("GET", RULES, scope="read").json() == {"rules": ""}


def test_rules_are_replaced_and_are_what_digest_reads_next(
    call: Any, tenant: Tenant, database_url: str
) -> None:
    text = "# ours\ntype:Timeout -> timeout"
    answer = call("PUT", RULES, scope="admin", json={"rules": text})
    assert (answer.status_code, answer.json()) == (200, {"rules": text})
    assert call("GET", RULES).json() == {"rules": text}
    with connect(database_url, application_name="test") as conn:
        found = list_grouping_settings(conn, newest_version=1)
    assert found == {tenant.project.id: GroupingSettings(rules=text)}


def test_a_mistake_is_answered_with_line_and_column_and_nothing_is_changed(
    call: Any, tenant: Tenant
) -> None:
    text = "type:A -> a\n  kind:B -> b\nnonsense"
    answer = call("PUT", RULES, scope="admin", json={"rules": text})
    assert answer.status_code == 400
    body = answer.json()
    assert body["code"] == "invalid_request"
    assert body["field"] == "rules"
    assert body["message"] == (
        "line 2, column 3: 'kind' is nothing that a rule can match (and 1 more line with a mistake)"
    )
    assert "one of function, module" in body["hint"]
    assert call("GET", RULES).json() == {"rules": ""}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"rules": 1}', b'{"rules": "", "x": 1}'])
def test_a_body_that_does_not_fit_is_refused(call: Any, tenant: Tenant, body: bytes) -> None:
    assert call("PUT", RULES, scope="admin", content=body).status_code == 400


def test_only_a_token_of_scope_admin_may_replace_rules(call: Any, tenant: Tenant) -> None:
    assert call("PUT", RULES, scope="write", json={"rules": ""}).status_code == 403


# Preview -------------------------------------------------------------------------------------------


def test_a_preview_shows_which_issues_would_join(call: Any, store: Any, try_out: Any) -> None:
    ids = store(failure("Timeout"), failure("Reset"), failure("Reset"), failure("Other"), begin=NOW)
    found = try_out(rules="type:Timeout -> network\ntype:Reset -> network")

    assert (found["events"], found["issues"], found["issues_untouched"]) == (4, 3, 1)
    assert (found["events_moved"], found["cut"], found["splits"]) == (1, "", [])
    [join] = found["joins"]
    assert found["joins_total"] == 1
    assert (join["title"], join["events"]) == ("Reset: v", 3)
    assert [(one["title"], one["events"]) for one in join["issues"]] == [
        ("Reset: v", 2),
        ("Timeout: v", 1),
    ]
    assert join["issue_id"] == join["issues"][0]["issue_id"]
    assert join["issues"][1]["sample_event_ids"] == [str(uuid.UUID(ids[0]))]


def test_a_preview_shows_which_issues_would_split(call: Any, store: Any, try_out: Any) -> None:
    shops = [failure("E", tags={"shop": name}) for name in ("a", "b", "b")]
    store(*shops, begin=NOW)
    found = try_out(rules='type:E -> e, {{ tags.shop }} title="Shop {{ tags.shop }}"')

    [split] = found["splits"]
    assert (split["title"], split["events"], found["joins"]) == ("E: v", 3, [])
    kept, new = split["into"]
    assert (kept["issue_id"], kept["events"]) == (split["issue_id"], 2)
    assert (new["issue_id"], new["events"], new["title"]) == (None, 1, "Shop a")


def test_a_preview_changes_nothing(call: Any, store: Any, try_out: Any) -> None:
    store(failure("A"), failure("B"), begin=NOW)
    before = call("GET", "/projects/ada-shop/issues").json()
    try_out(rules="type:* -> one")
    assert call("GET", "/projects/ada-shop/issues").json() == before


def test_the_rules_and_the_version_in_force_would_change_nothing(
    call: Any, store: Any, try_out: Any
) -> None:
    store(failure("A"), failure("B"), begin=NOW)
    found = try_out(version=1)
    assert (found["events"], found["events_moved"], found["issues_untouched"]) == (2, 0, 2)


def test_a_merge_is_shown_with_the_events_that_it_would_join(
    call: Any, store: Any, try_out: Any
) -> None:
    store(failure("A"), failure("B"), failure("C"), begin=NOW)
    ids = {
        one["title"]: one["id"] for one in call("GET", "/projects/ada-shop/issues").json()["items"]
    }
    found = try_out(merge=[ids["B: v"], ids["A: v"]])
    [join] = found["joins"]
    assert (join["issue_id"], join["title"], join["events"]) == (ids["B: v"], "B: v", 2)


def test_only_events_of_the_days_asked_for_are_looked_at(store: Any, try_out: Any) -> None:
    store(failure("A"), begin=NOW)
    store(failure("A"), begin=NOW - timedelta(days=3))
    assert try_out(rules="", days=2)["events"] == 1
    assert try_out(rules="", days=4)["events"] == 2


def test_a_preview_says_where_it_was_cut(store: Any, try_out: Any, monkeypatch: Any) -> None:
    store(failure("A"), failure("B"), begin=NOW)
    with monkeypatch.context() as changed:
        changed.setattr(preview, "MAX_EVENTS", 2)
        assert try_out(rules="")["cut"] == "only the latest 2 events were looked at"
    monkeypatch.setattr(preview, "MAX_SECONDS", -1.0)
    assert "2 events were looked at in" in try_out(rules="")["cut"]


def test_events_that_were_stored_without_all_of_them_stay(
    store: Any, try_out: Any, database_url: str
) -> None:
    store(failure("A"), failure("B"), begin=NOW)
    with connect(database_url, application_name="test") as conn:
        conn.execute("UPDATE events SET payload = NULL")
    assert try_out(rules="type:* -> one")["events_moved"] == 0


@pytest.mark.parametrize(
    ("candidate", "field"),
    [
        ({}, ""),
        ({"rules": "", "version": 1}, ""),
        ({"rules": "nonsense"}, "rules"),
        ({"version": 99}, "version"),
        ({"merge": []}, "merge"),
        ({"merge": ["x"]}, "merge"),
        ({"rules": "", "days": 31}, "days"),
        ({"rules": "", "days": 0}, "days"),
        ({"rules": "", "galaxy": 1}, ""),
    ],
)
def test_a_candidate_that_does_not_fit_is_refused(
    call: Any, tenant: Tenant, candidate: dict[str, Any], field: str
) -> None:
    answer = call("POST", PREVIEW, json=candidate)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_issues_of_others_can_be_named_no_more_than_those_that_are_not_there(
    client: Client, call: Any, store: Any, database_url: str
) -> None:
    store(failure("A"), begin=NOW)
    bob = client.make_tenant("bob")
    store_events(database_url, bob.project, failure("B"))
    with connect(database_url, application_name="test") as conn:
        mine, theirs = (
            str(row[0]) for row in conn.execute("SELECT id FROM issues ORDER BY title").fetchall()
        )
    answers = [
        call("POST", PREVIEW, json={"merge": [mine, other]})
        for other in (theirs, str(uuid.uuid4()))
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


def test_issues_of_another_project_cannot_be_merged(
    client: Client, call: Any, store: Any, tenant: Tenant, database_url: str
) -> None:
    store(failure("A"), begin=NOW)
    with connect(database_url, application_name="test") as conn:
        [mine] = conn.execute("SELECT id FROM issues").fetchone()
        [other] = conn.execute(
            "INSERT INTO projects (org_id, name) VALUES (%s, 'other') RETURNING id",
            (tenant.org_id,),
        ).fetchone()
        [elsewhere] = conn.execute(
            "INSERT INTO issues (project_id, fingerprint, title, level)"
            " VALUES (%s, 'f', 't', 'error') RETURNING id",
            (other,),
        ).fetchone()
    answer = call("POST", PREVIEW, json={"merge": [str(mine), str(elsewhere)]})
    assert (answer.status_code, answer.json()["field"]) == (400, "merge[1]")


def test_a_token_that_may_only_read_may_not_try(call: Any, tenant: Tenant) -> None:
    assert call("POST", PREVIEW, scope="read", json={"rules": ""}).status_code == 403
