"""What the credentials of an API token open; ``tests/api/test_isolation.py`` walks all routes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from mesher.storage.database import writing
from mesher.storage.organizations import insert_membership, insert_project
from serving import Client
from tenants import Tenant, make_token, store_events


@pytest.fixture
def ada(client: Client) -> Tenant:
    return client.make_tenant("ada")


@pytest.fixture
def bob(client: Client) -> Tenant:
    return client.make_tenant("bob")


def _execute(client: Client, statement: str, **values: Any) -> None:
    async def run() -> None:
        async with writing(client.resources.engine) as conn:
            await conn.execute(text(statement), values)

    client.call(run)


def _projects(client: Client, token: str) -> list[str]:
    answer = client.get("/api/v1/projects", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return [project["slug"] for project in answer.json()["items"]]


def test_a_token_opens_the_projects_of_its_organisation(
    client: Client, ada: Tenant, bob: Tenant
) -> None:
    assert _projects(client, ada.tokens["read"]) == ["ada-shop"]
    assert _projects(client, bob.tokens["read"]) == ["bob-shop"]


def test_a_token_opens_no_other_organisation_of_its_user(
    client: Client, ada: Tenant, bob: Tenant
) -> None:
    async def join() -> None:
        async with writing(client.resources.engine) as conn:
            await insert_membership(conn, user_id=ada.user_id, org_id=bob.org_id, role="member")

    client.call(join)
    assert _projects(client, ada.tokens["read"]) == ["ada-shop"]


def test_a_token_of_one_project_opens_no_other_of_its_organisation(
    client: Client, ada: Tenant
) -> None:
    async def make() -> str:
        async with writing(client.resources.engine) as conn:
            other = await insert_project(conn, org_id=ada.org_id, name="x", slug="ada-warehouse")
        return await make_token(
            client.resources.engine, ada.user_id, ada.org_id, scope="read", project=other
        )

    token = client.call(make)
    assert _projects(client, token) == ["ada-warehouse"]
    answer = client.get(
        f"/api/v1/projects/{ada.project.id}", headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 404


def test_a_token_opens_nothing_once_its_user_has_left_the_organisation(
    client: Client, ada: Tenant
) -> None:
    _execute(client, "DELETE FROM org_memberships WHERE user_id = :id", id=ada.user_id)
    assert _projects(client, ada.tokens["admin"]) == []


def test_a_revoked_token_is_refused(client: Client, ada: Tenant) -> None:
    _execute(client, "UPDATE api_tokens SET revoked_at = now()")
    answer = client.get(
        "/api/v1/projects", headers={"authorization": f"Bearer {ada.tokens['read']}"}
    )
    assert answer.status_code == 401
    assert answer.json()["message"] == "the API token is unknown or revoked"


def test_a_token_to_read_changes_nothing(client: Client, ada: Tenant, database_url: str) -> None:
    store_events(database_url, ada.project, {"message": "hello"})
    headers = {"authorization": f"Bearer {ada.tokens['read']}"}
    listed = client.get(f"/api/v1/projects/{ada.project.id}/issues", headers=headers)
    (issue,) = listed.json()["items"]

    refused = client.post(f"/api/v1/issues/{issue['id']}/resolve", headers=headers)
    assert refused.status_code == 403
    assert refused.json()["code"] == "forbidden"
    unchanged = client.get(f"/api/v1/issues/{issue['id']}", headers=headers)
    assert unchanged.json()["status"] == "unresolved"


def test_it_is_known_when_a_token_was_last_used(client: Client, ada: Tenant) -> None:
    _projects(client, ada.tokens["read"])

    async def used() -> list[str]:
        async with writing(client.resources.engine) as conn:
            found = await conn.execute(
                text("SELECT scope FROM api_tokens WHERE last_used_at IS NOT NULL")
            )
            return list(found.scalars())

    assert client.call(used) == ["read"]


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("admin", 200), ("member", 403)])
def test_what_shapes_a_project_needs_an_admin_whatever_the_scope_of_the_token(
    client: Client, ada: Tenant, role: str, status: int
) -> None:
    _execute(client, "UPDATE org_memberships SET role = :role", role=role)
    answer = client.get(
        f"/api/v1/projects/{ada.project.id}/ingest-settings",
        headers={"authorization": f"Bearer {ada.tokens['admin']}"},
    )
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["message"] == (
            "this needs the role admin in the organization; yours is member"
        )
