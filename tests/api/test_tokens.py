"""Tokens that members make over the API."""

from __future__ import annotations

import pytest

from api.conftest import Call
from serving import Client
from tenants import Tenant, make_token

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
