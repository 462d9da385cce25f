"""What is decided about one issue, and what then brings it back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mesher.storage import organizations, users
from mesher.storage.database import writing
from serving import Client
from tenants import PASSWORD_HASH, Tenant, make_token


@pytest.fixture
def issue(call: Any, store: Any, tenant: Tenant) -> str:
    """The id of the one issue of the project."""
    store({"message": "till locked", "release": "shop@1.1.0"})
    (found,) = call("GET", f"/projects/{tenant.project.id}/issues").json()["items"]
    return found["id"]


@pytest.fixture
def change(call: Any, issue: str) -> Any:
    """Sends a change of the issue."""

    def send(**changes: Any) -> Any:
        return call("PATCH", f"/issues/{issue}", json=changes)

    return send


@pytest.fixture
def arrive(store: Any) -> Any:
    """An event of the issue that is received after all that was done until now."""

    def send(release: str | None = None) -> None:
        later = datetime.now(UTC) + timedelta(seconds=1)
        store({"message": "till locked", "release": release}, begin=later)

    return send


def test_an_issue_is_resolved_in_the_next_release(
    call: Any, change: Any, issue: str, arrive: Any
) -> None:
    answer = change(status="resolved", resolution={"in_next_release": True})
    assert answer.status_code == 200
    assert answer.json()["resolution"] == {"in_release": None, "after_release": "shop@1.1.0"}
    assert answer.json()["substatus"] is None
    arrive("shop@1.1.0")
    assert call("GET", f"/issues/{issue}").json()["status"] == "resolved"
    arrive("shop@1.2.0")
    reopened = call("GET", f"/issues/{issue}").json()
    assert (reopened["status"], reopened["substatus"]) == ("unresolved", "regressed")
    assert reopened["resolution"] is None


def test_an_issue_is_resolved_in_a_named_release(
    call: Any, store: Any, change: Any, issue: str, arrive: Any
) -> None:
    store({"message": "another", "release": "shop@1.2.0"})
    answer = change(status="resolved", resolution={"in_release": "shop@1.2.0"})
    assert answer.json()["resolution"] == {"in_release": "shop@1.2.0", "after_release": None}
    arrive("shop@1.1.5")
    assert call("GET", f"/issues/{issue}").json()["status"] == "resolved"
    arrive("shop@1.2.0")
    assert call("GET", f"/issues/{issue}").json()["status"] == "unresolved"


def test_the_current_release_is_the_newest_by_its_version(store: Any, change: Any) -> None:
    store({"message": "a", "release": "shop@2.0.0"})
    store({"message": "b", "release": "shop@1.1.1"})  # a fix of the older line, made later
    answer = change(status="resolved", resolution={"in_current_release": True})
    assert answer.json()["resolution"]["in_release"] == "shop@2.0.0"


def test_a_release_tells_how_many_issues_are_resolved_in_it_and_came_back_in_it(
    call: Any, store: Any, change: Any, tenant: Tenant, arrive: Any
) -> None:
    store({"message": "another", "release": "shop@1.2.0"})
    path = f"/projects/{tenant.project.id}/releases/shop@1.2.0"
    change(status="resolved", resolution={"in_release": "shop@1.2.0"})
    assert call("GET", path).json()["issues"] == {"resolved": 1, "regressed": 0}
    arrive("shop@1.2.0")
    assert call("GET", path).json()["issues"] == {"resolved": 0, "regressed": 1}


def test_resolving_again_in_another_release_replaces_the_first(change: Any, store: Any) -> None:
    store({"message": "another", "release": "shop@1.2.0"})
    change(status="resolved", resolution={"in_release": "shop@1.1.0"})
    change(status="resolved", resolution={"in_release": "shop@1.2.0"})
    assert change(status="resolved").json()["resolution"] is None


def test_a_release_that_the_project_has_not_is_refused(change: Any) -> None:
    answer = change(status="resolved", resolution={"in_release": "shop@9.9.9"})
    assert answer.status_code == 409
    assert answer.json()["field"] == "resolution.in_release"
    assert "shop@9.9.9" in answer.json()["message"]


def test_there_is_no_next_release_where_there_is_none(
    call: Any, store: Any, tenant: Tenant
) -> None:
    store({"message": "no release"})
    (found,) = call("GET", f"/projects/{tenant.project.id}/issues").json()["items"]
    answer = call("POST", f"/issues/{found['id']}/resolve", json={"in_next_release": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_an_issue_is_archived_until_as_many_events_have_come(
    call: Any, change: Any, issue: str, arrive: Any
) -> None:
    answer = change(status="archived", archive={"events": 2})
    assert answer.json()["archive"] == {
        "until": None,
        "events": 2,
        "window_minutes": None,
        "events_left": 2,
        "until_escalating": False,
    }
    arrive()
    assert call("GET", f"/issues/{issue}").json()["archive"]["events_left"] == 1
    arrive()
    assert call("GET", f"/issues/{issue}").json()["status"] == "unresolved"


def test_an_issue_is_archived_until_a_time(change: Any) -> None:
    answer = change(status="archived", archive={"until": "2099-01-01T01:00:00+01:00"})
    assert answer.json()["archive"]["until"] == "2099-01-01T00:00:00Z"


def test_an_issue_is_archived_until_it_escalates(change: Any) -> None:
    answer = change(status="archived", archive={"until_escalating": True})
    assert answer.json()["archive"]["until_escalating"] is True


@pytest.mark.parametrize("verb", ["resolve", "archive"])
def test_what_ends_it_may_be_said_with_the_verb_and_need_not(
    call: Any, issue: str, verb: str
) -> None:
    body = {"in_next_release": True} if verb == "resolve" else {"events": 5}
    name = "resolution" if verb == "resolve" else "archive"
    assert call("POST", f"/issues/{issue}/{verb}", json=body).json()[name] is not None
    assert call("POST", f"/issues/{issue}/{verb}").json()[name] is None


def test_a_status_that_is_given_anew_drops_what_belonged_to_the_old(change: Any) -> None:
    change(status="archived", archive={"events": 5})
    resolved = change(status="resolved", resolution={"in_next_release": True}).json()
    assert (resolved["archive"], resolved["status"]) == (None, "resolved")
    unresolved = change(status="unresolved").json()
    assert (unresolved["resolution"], unresolved["substatus"]) == (None, "ongoing")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"status": "solved"}, "status"),
        ({"statuses": "resolved"}, ""),
        ({"status": "unresolved", "resolution": {"in_next_release": True}}, "resolution"),
        ({"resolution": {"in_next_release": True}}, "resolution"),
        (
            {
                "status": "resolved",
                "resolution": {"in_next_release": True, "in_release": "shop@1.1.0"},
            },
            "resolution",
        ),
        ({"status": "resolved", "resolution": {"in_release": ""}}, "resolution.in_release"),
        ({"status": "resolved", "archive": {"events": 1}}, "archive"),
        ({"status": "archived", "archive": {"events": 0}}, "archive.events"),
        ({"status": "archived", "archive": {"window_minutes": 5}}, "archive.window_minutes"),
        (
            {"status": "archived", "archive": {"events": 1001, "window_minutes": 5}},
            "archive.events",
        ),
        ({"status": "archived", "archive": {"until": "2020-01-01T00:00:00Z"}}, "archive.until"),
        ({"status": "archived", "archive": {"until": "2099-01-01T00:00:00"}}, "archive.until"),
        (
            {"status": "archived", "archive": {"until": "9999-12-31T23:59:59-23:00"}},
            "archive.until",
        ),
        ({"assigned_to": "nobody@example.com"}, "assigned_to"),
        ({"assigned_to": ""}, "assigned_to"),
        ({"assigned_to": "a\0b"}, "assigned_to"),
    ],
)
def test_what_cannot_be_decided_is_refused_and_names_its_field(
    call: Any, change: Any, issue: str, body: dict[str, Any], field: str
) -> None:
    before = call("GET", f"/issues/{issue}").json()
    answer = change(**body)
    assert (answer.status_code, answer.json()["field"]) == (400, field), answer.text
    assert call("GET", f"/issues/{issue}").json() == before


def _colleague(client: Client, tenant: Tenant, email: str = "grace@example.com") -> str:
    """The id of another member of a tenant's organisation."""

    async def join() -> str:
        async with writing(client.resources.engine) as conn:
            user_id = await users.insert_user(
                conn, email=email, password_hash=PASSWORD_HASH, display_name="Grace"
            )
            await organizations.insert_membership(
                conn, user_id=user_id, org_id=tenant.org_id, role="member"
            )
        return str(user_id)

    return client.call(join)


def test_an_issue_is_assigned_to_a_member_and_to_nobody(
    client: Client, tenant: Tenant, change: Any
) -> None:
    grace = _colleague(client, tenant)
    for reference in (grace, "Grace@Example.com"):
        assigned = change(assigned_to=reference).json()
        assert (assigned["assigned_to"], assigned["assignee"]) == (grace, "Grace")
        assert change(assigned_to=None).json()["assigned_to"] is None
    mine = change(assigned_to="me").json()
    assert (mine["assigned_to"], mine["assignee"]) == (str(tenant.user_id), "ada")


def test_an_issue_is_assigned_to_nobody_of_another_organization(
    client: Client, change: Any
) -> None:
    bob = client.make_tenant("bob")
    answers = {change(assigned_to=one).text for one in (str(bob.user_id), bob.email)}
    answers |= {change(assigned_to="nobody@example.com").text}
    assert len(answers) == 1  # nor does the answer tell that there is somebody


def test_the_list_of_issues_names_who_they_are_assigned_to(
    call: Any, tenant: Tenant, change: Any
) -> None:
    change(assigned_to="me")
    (row,) = call("GET", f"/projects/{tenant.project.id}/issues").json()["items"]
    assert (row["assignee"], row["comments"]) == ("ada", 0)


def test_a_change_of_an_issue_that_was_changed_meanwhile_is_refused_where_asked_for(
    call: Any, issue: str, arrive: Any
) -> None:
    seen = call("GET", f"/issues/{issue}").headers["etag"]
    arrive()  # which decides nothing
    path, body = f"/issues/{issue}", {"status": "resolved"}
    first = call("PATCH", path, json=body, headers_more={"if-match": seen})
    assert first.status_code == 200
    second = call("PATCH", path, json={"assigned_to": "me"}, headers_more={"if-match": seen})
    assert (second.status_code, second.json()["code"]) == (412, "stale")
    third = call("POST", f"{path}/unresolve", headers_more={"if-match": first.headers["etag"]})
    assert third.status_code == 200
    assert call("PATCH", path, json=body, headers_more={"if-match": "*"}).status_code == 200
    assert call("GET", path).headers["etag"] != seen


def test_a_token_to_read_decides_nothing(call: Any, issue: str) -> None:
    answer = call("PATCH", f"/issues/{issue}", scope="read", json={"status": "resolved"})
    assert answer.status_code == 403


def test_every_member_decides_about_issues(client: Client, tenant: Tenant, issue: str) -> None:
    grace = _colleague(client, tenant)
    token = client.call(_token_of, client, grace, tenant)
    answer = client.request(
        "PATCH",
        f"/api/v1/issues/{issue}",
        json={"status": "resolved"},
        headers={"authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200


async def _token_of(client: Client, user_id: str, tenant: Tenant) -> str:
    engine = client.resources.engine
    return await make_token(engine, user_id, tenant.org_id, scope="write")  # type: ignore[arg-type]
