"""
Another tenant's id is answered exactly like one that does not exist, on every route there is.

The routes are those of the application, so one that is added later is asked too.
"""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import httpx
import pytest

from mesher.storage.connection import connect
from mesher.storage.new_attachments import NewAttachment, insert_attachments
from serving import Client, all_routes
from tenants import BEGIN, PASSWORD, Tenant, make_passkey, raise_alert, store_events

# What a path is filled with: each is an id of a tenant's, or no thing of anybody.
ID_PARAMETERS = {
    "org_id",
    "project_id",
    "issue_id",
    "event_id",
    "attachment_id",
    "token_id",
    "version",
    "change_id",
    "session_id",
    "passkey_id",
    "other_id",
    "member_id",
    "invitation_id",
    "key_id",
    "comment_id",
    "search_id",
    "slug",
    "action_id",
    "rule_id",
    "alert_id",
    "key",
}
# Names of files, which every visitor may read; and a secret that is a credential itself.
OTHER_PARAMETERS = {"name", "path", "token"}


def _routes() -> list[tuple[str, str]]:
    found = []
    for method, route, _ in all_routes():
        names = set(route.path_parameters)
        assert names <= ID_PARAMETERS | OTHER_PARAMETERS, f"is {route.path} safe? say so above"
        if names & ID_PARAMETERS:
            found.append((method, route.path_format))
    return found


@pytest.fixture
def ada(client: Client) -> Tenant:
    return client.make_tenant("ada")


@pytest.fixture
def bob(client: Client, database_url: str) -> Tenant:
    tenant = client.make_tenant("bob")
    [event_id] = store_events(database_url, tenant.project, {"message": "secret of bob"})
    attachment = NewAttachment(
        project_id=tenant.project.id,
        event_id=uuid.UUID(event_id),
        received_at_us=int(BEGIN.timestamp() * 1e6),
        name="secret.txt",
        content_type="text/plain",
        attachment_type="event.attachment",
        data=b"secret of bob",
    )
    with connect(database_url, application_name="test") as conn:
        assert len(list(insert_attachments(conn, [attachment], set()))) == 1
    _make_release(client, tenant)
    return tenant


def _ids(client: Client, tenant: Tenant, event_id: str = "latest") -> dict[str, str]:
    headers = {"authorization": f"Bearer {tenant.tokens['read']}"}
    listed = client.get(f"/api/v1/projects/{tenant.project.id}/issues", headers=headers)
    issue = listed.json()["items"][0]
    event = client.get(f"/api/v1/issues/{issue['id']}/events/latest", headers=headers).json()
    beside = f"/api/v1/projects/{tenant.project.id}/events/{event['id']}/attachments"
    attachments = client.get(beside, headers=headers).json()
    return {
        "project_id": str(tenant.project.id),
        "org_id": str(tenant.org_id),
        "token_id": _token_id(client, tenant),
        "member_id": str(tenant.user_id),
        "invitation_id": _invitation_id(client, tenant),
        **_alert_ids(client, tenant),
        "key_id": _key_id(client, tenant),
        "version": f"{tenant.project.slug}@1.0",
        "issue_id": issue["id"],
        "event_id": event["id"],
        "change_id": str(uuid.uuid4()),
        "comment_id": _comment_id(client, tenant, issue["id"]),
        "search_id": _search_id(client, tenant),
        "slug": "backup",
        "action_id": _action_id(client, tenant, issue["id"]),
        "key": "level",
        "session_id": "0" * 16,
        "passkey_id": _passkey_id(client, tenant),
        "other_id": issue["id"],
        "attachment_id": attachments[0]["id"] if attachments else str(uuid.uuid4()),
    }


def _token_id(client: Client, tenant: Tenant) -> str:
    headers = {"authorization": f"Bearer {tenant.tokens['admin']}"}
    listed = client.get(f"/api/v1/organizations/{tenant.org_id}/tokens", headers=headers)
    return listed.json()["items"][0]["id"]


def _passkey_id(client: Client, tenant: Tenant) -> str:
    headers = {"authorization": f"Bearer {tenant.tokens['admin']}"}
    listed = client.get("/api/v1/me/passkeys", headers=headers).json()["items"]
    if listed:
        return listed[0]["id"]
    return client.call(partial(make_passkey, client.resources.engine, tenant.user_id))


def _search_id(client: Client, tenant: Tenant) -> str:
    headers = {"Authorization": f"Bearer {tenant.tokens['admin']}"}
    path = f"/api/v1/projects/{tenant.project.id}/saved-searches"
    kept = client.get(path, headers=headers).json()["items"]
    if not kept:
        wanted = {"name": "shared", "shared": True}
        kept = [client.post(path, headers=headers, json=wanted).json()]
    return str(kept[0]["id"])


def _comment_id(client: Client, tenant: Tenant, issue_id: str) -> str:
    path = f"/api/v1/issues/{issue_id}/comments"
    headers = {"authorization": f"Bearer {tenant.tokens['write']}"}
    listed = client.get(path, headers=headers).json()["items"]
    body = {"comment": "secret of bob"}
    return (listed or [client.post(path, headers=headers, json=body).json()])[0]["id"]


def _action_id(client: Client, tenant: Tenant, issue_id: str) -> str:
    headers = {"authorization": f"Bearer {tenant.tokens['write']}"}
    path = f"/api/v1/projects/{tenant.project.id}/issues"
    for assignee in ("me", None):  # one of the two changes something
        body = {"ids": [issue_id], "assigned_to": assignee}
        if made := client.request("PATCH", path, headers=headers, json=body).json()["action_id"]:
            return made
    raise AssertionError("nothing was changed")


def _alert_ids(client: Client, tenant: Tenant) -> dict[str, str]:
    headers = {"authorization": f"Bearer {tenant.tokens['admin']}"}
    path = f"/api/v1/projects/{tenant.project.id}"
    rule = {"name": "secret of bob", "condition": {"condition_type": "new_issue"}}
    rules = client.get(f"{path}/alert-rules", headers=headers).json()["items"]
    if not rules:
        rules = [client.post(f"{path}/alert-rules", headers=headers, json=rule).json()]
        client.call(partial(raise_alert, client.resources.engine, rules[0]["id"]))
    alerts = client.get(f"{path}/alerts", headers=headers).json()["items"]
    return {"rule_id": rules[0]["id"], "alert_id": alerts[0]["id"]}


def _key_id(client: Client, tenant: Tenant) -> str:
    headers = {"authorization": f"Bearer {tenant.tokens['read']}"}
    listed = client.get(f"/api/v1/projects/{tenant.project.id}/keys", headers=headers)
    return listed.json()["items"][0]["id"]


def _invitation_id(client: Client, tenant: Tenant) -> str:
    path = f"/api/v1/organizations/{tenant.org_id}/invitations"
    headers = {"authorization": f"Bearer {tenant.tokens['admin']}"}
    listed = client.get(path, headers=headers).json()["items"]
    return listed[0]["id"] if listed else client.post(path, headers=headers, json={}).json()["id"]


def _make_release(client: Client, tenant: Tenant) -> None:
    made = client.post(
        f"/api/0/projects/{tenant.org_id}/{tenant.project.slug}/releases/",
        headers={"authorization": f"Bearer {tenant.tokens['write']}"},
        json={"version": f"{tenant.project.slug}@1.0"},
    )
    assert made.status_code == 201, made.text


def _answer(client: Client, token: str, method: str, path: str) -> tuple[int, str, Any]:
    answer: httpx.Response = client.request(
        method,
        path,
        headers={"authorization": f"Bearer {token}"},
        data={"status": "resolved"} if method == "POST" else None,
    )
    location = answer.headers.get("location")
    return answer.status_code, answer.text, location


def test_no_route_tells_another_tenants_id_from_one_that_does_not_exist(
    client: Client, ada: Tenant, bob: Tenant
) -> None:
    foreign = _ids(client, bob)
    missing = {name: str(uuid.uuid4()) for name in foreign}
    client.post("/login", data={"email": ada.email, "password": PASSWORD})
    routes = _routes()
    assert len(routes) > 15
    for method, path in routes:
        answers = [
            _answer(client, ada.tokens["admin"], method, path.format(**ids))
            for ids in (foreign, missing)
        ]
        assert answers[0] == answers[1], f"{method} {path}"
        # Below ``me`` everything is the caller's own, and ending what has ended is no error. Removing a
        # passkey takes the password first; tests/api/test_passkeys.py gives it.
        own = {
            "/api/v1/me/passkeys/": 400,
            "/account/passkeys/": 403,
            "/api/v1/me/": 204,
            "/account/": 303,
        }
        status = next((own[begin] for begin in own if path.startswith(begin)), 404)
        assert answers[0][0] == status, f"{method} {path}"
        assert "secret" not in answers[0][1]
    made_up = {name: foreign[name] for name in ("change_id", "action_id")}
    assert {**_ids(client, bob), **made_up} == foreign


def test_a_slug_of_another_tenant_is_answered_like_one_that_does_not_exist(
    client: Client, ada: Tenant, bob: Tenant
) -> None:
    for path in ("/api/v1/projects/{}", "/api/v1/projects/{}/issues"):
        foreign = _answer(client, ada.tokens["admin"], "GET", path.format("bob-shop"))
        missing = _answer(client, ada.tokens["admin"], "GET", path.format("no-shop"))
        assert foreign == missing
        assert foreign[0] == 404


def test_an_event_of_another_tenant_is_not_found_below_an_own_project_or_issue(
    client: Client, ada: Tenant, bob: Tenant, database_url: str
) -> None:
    store_events(database_url, ada.project, {"message": "hello"})
    own, foreign = _ids(client, ada), _ids(client, bob)
    for path in (
        f"/api/v1/projects/{own['project_id']}/events/{foreign['event_id']}",
        f"/api/v1/issues/{own['issue_id']}/events/{foreign['event_id']}",
    ):
        assert _answer(client, ada.tokens["admin"], "GET", path)[0] == 404


def test_issues_of_another_tenant_are_neither_merged_nor_compared_nor_undone(
    client: Client, ada: Tenant, bob: Tenant, database_url: str
) -> None:
    store_events(database_url, ada.project, {"message": "hello"})
    store_events(database_url, bob.project, {"message": "another secret of bob"})
    own, foreign = _ids(client, ada)["issue_id"], _ids(client, bob)["issue_id"]
    headers = {"authorization": f"Bearer {bob.tokens['admin']}"}
    listed = client.get(f"/api/v1/projects/{bob.project.id}/issues", headers=headers).json()
    ids = [issue["id"] for issue in listed["items"]]
    merged = client.post(
        f"/api/v1/issues/{ids[0]}/merge", json={"issues": ids[1:]}, headers=headers
    )
    change = merged.json()[0]["id"]
    token = ada.tokens["admin"]
    for path in (f"/api/v1/issues/{ids[1]}", f"/issues/{ids[1]}"):
        assert ids[0] not in _answer(client, token, "GET", path)[1]  # not where it was merged to
    for path in (
        f"/api/v1/issues/{foreign}/changes/{change}/undo",
        f"/api/v1/issues/{own}/changes/{change}/undo",
    ):
        assert _answer(client, token, "POST", path)[0] == 404
    for action in ("merge", "unmerge"):
        answers = [
            client.post(
                f"/api/v1/issues/{own}/{action}",
                json={"issues": [one]},
                headers={"authorization": f"Bearer {token}"},
            )
            for one in (ids[0], ids[1], str(uuid.uuid4()))
        ]
        assert len({(answer.status_code, answer.text) for answer in answers}) == 1
        assert answers[0].status_code >= 400


def test_without_credentials_no_route_tells_whether_an_id_exists(
    client: Client, bob: Tenant
) -> None:
    foreign = _ids(client, bob)
    for method, path in _routes():
        answer = client.request(
            method,
            path.format(**foreign),
            data={"status": "resolved"} if method == "POST" else None,
        )
        assert answer.status_code in {303, 401}, f"{method} {path}"
        assert "secret" not in answer.text
