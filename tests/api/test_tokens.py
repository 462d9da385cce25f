"""Tokens that members make over the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from api.conftest import Call
from mesher.storage.database import writing
from serving import Client
from tenants import Tenant, add_member, make_token

PATH = "/organizations/ada/tokens"


def test_a_token_is_shown_once_and_opens_what_its_scope_says(call: Call, client: Client) -> None:
    made = call("POST", PATH, scope="admin", json={"name": "build", "scope": "ci"})
    assert made.status_code == 201
    token = made.json()["token"]
    assert token.startswith("sntrys_")

    listed = call("GET", PATH, scope="admin")
    assert "build" in [one["name"] for one in listed.json()["items"]]
    assert token not in listed.text
    assert "token_hash" not in listed.text + made.text
    headers = {"authorization": f"Bearer {token}"}
    assert client.get("/api/0/organizations/ada/chunk-upload/", headers=headers).status_code == 200
    assert client.get("/api/v1/projects", headers=headers).status_code == 403


def test_a_revoked_token_opens_nothing_more(call: Call, client: Client) -> None:
    made = call("POST", PATH, scope="admin", json={"name": "build", "scope": "ci"}).json()
    assert call("DELETE", f"{PATH}/{made['id']}", scope="admin").status_code == 204
    headers = {"authorization": f"Bearer {made['token']}"}
    assert client.get("/api/0/organizations/", headers=headers).status_code == 401
    assert call("DELETE", f"{PATH}/{made['id']}", scope="admin").status_code == 404


@pytest.mark.parametrize("scope", ["read", "write"])
def test_only_scope_admin_makes_tokens(call: Call, scope: str) -> None:
    assert call("POST", PATH, scope=scope, json={"name": "x"}).status_code == 403
    assert call("GET", PATH, scope=scope).status_code == 403


def test_a_token_for_one_project_makes_tokens_for_that_one_alone(
    client: Client, tenant: Tenant
) -> None:
    async def narrow() -> str:
        return await make_token(
            client.resources.engine,
            tenant.user_id,
            tenant.org_id,
            scope="admin",
            project=tenant.project,
        )

    headers = {"authorization": f"Bearer {client.call(narrow)}"}
    made = client.post(f"/api/v1{PATH}", headers=headers, json={"name": "x"}).json()
    assert made["project_id"] == str(tenant.project.id)
    listed = client.get(f"/api/v1{PATH}", headers=headers).json()["items"]
    assert {one["project_id"] for one in listed} == {str(tenant.project.id)}


@pytest.mark.parametrize("body", [b"{", b"{}", b'{"name": ""}', b'{"name": "x", "scope": "root"}'])
def test_a_body_that_does_not_fit_is_refused(call: Call, body: bytes) -> None:
    assert call("POST", PATH, scope="admin", content=body).status_code == 400


def test_a_token_opens_nothing_after_its_end(call: Call, client: Client) -> None:
    end = datetime.now(UTC) + timedelta(days=1)
    body = {"name": "x", "expires_at": end.isoformat()}
    made = call("POST", PATH, scope="admin", json=body).json()
    assert made["expires_at"].startswith(end.isoformat()[:19])
    headers = {"authorization": f"Bearer {made['token']}"}
    assert client.get("/api/v1/projects", headers=headers).status_code == 200

    async def wait_a_day() -> None:
        async with writing(client.resources.engine) as conn:
            await conn.execute(text("UPDATE api_tokens SET expires_at = now()"))

    client.call(wait_a_day)
    assert client.get("/api/v1/projects", headers=headers).status_code == 401


@pytest.mark.parametrize("end", ["2020-01-01T00:00:00Z", "2090-01-01T00:00:00", "tomorrow"])
def test_an_end_that_is_past_or_no_time_with_a_zone_is_refused(call: Call, end: str) -> None:
    answer = call("POST", PATH, scope="admin", json={"name": "x", "expires_at": end})
    assert answer.status_code == 400
    assert answer.json()["field"] == "expires_at"


def test_admins_see_and_revoke_the_tokens_of_all_and_members_their_own(
    call: Call, client: Client, tenant: Tenant
) -> None:
    eve = client.call(add_member, client.resources.engine, tenant, "eve", "member")
    headers = {"authorization": f"Bearer {eve.tokens['admin']}"}
    assert client.get(f"/api/v1{PATH}?everybody=true", headers=headers).status_code == 403
    [ours, *_] = call("GET", PATH, scope="admin").json()["items"]
    answer = client.request("DELETE", f"/api/v1{PATH}/{ours['id']}", headers=headers)
    assert answer.status_code == 404

    pages = [call("GET", f"{PATH}?everybody=true&limit=4", scope="admin").json()]
    pages.append(
        call("GET", f"{PATH}?everybody=true&cursor={pages[0]['next_cursor']}", scope="admin").json()
    )
    everybody = [one for page in pages for one in page["items"]]
    assert len(everybody) == 6
    assert pages[1]["next_cursor"] is None
    hers = [one["id"] for one in everybody if one["user_id"] == str(eve.user_id)]
    for token_id in hers:
        assert call("DELETE", f"{PATH}/{token_id}", scope="admin").status_code == 204
    assert client.get(f"/api/v1{PATH}", headers=headers).status_code == 401
