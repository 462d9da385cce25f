from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from mesher.storage.database import writing
from mesher.storage.organizations import insert_project
from serving import URL, Client
from tenants import Tenant


def test_a_project_is_listed_with_what_its_type_declares(call: Any, tenant: Tenant) -> None:
    (project,) = call("GET", "/projects").json()["items"]
    assert project == {
        "id": str(tenant.project.id),
        "org_id": str(tenant.org_id),
        "name": "ada's shop",
        "platform": None,
        "slug": "ada-shop",
        "created_at": project["created_at"],
        "number": tenant.project.number,
    }
    assert project["created_at"].endswith("Z")


def test_projects_come_page_by_page(client: Client, call: Any, tenant: Tenant) -> None:
    async def make() -> None:
        async with writing(client.resources.engine) as conn:
            for number in range(4):
                await insert_project(conn, org_id=tenant.org_id, name="x", slug=f"further-{number}")

    client.call(make)
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = call("GET", f"/projects?limit=2{cursor and '&cursor=' + cursor}").json()
        seen += [project["slug"] for project in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ["ada-shop", "further-0", "further-1", "further-2", "further-3"]


def test_a_project_is_found_by_id_and_slug_with_its_dsn(call: Any, tenant: Tenant) -> None:
    by_id = call("GET", f"/projects/{tenant.project.id}").json()
    by_slug = call("GET", f"/projects/{tenant.project.slug}").json()
    host = URL.removeprefix("https://")
    assert by_id["dsns"] == [f"https://{tenant.public_key}@{host}/{tenant.project.number}"]
    assert by_slug == by_id


def test_a_revoked_key_makes_no_dsn(client: Client, call: Any, tenant: Tenant) -> None:
    async def revoke() -> None:
        async with writing(client.resources.engine) as conn:
            await conn.execute(text("UPDATE api_keys SET revoked_at = now()"))

    client.call(revoke)
    assert call("GET", f"/projects/{tenant.project.id}").json()["dsns"] == []


def test_the_ledger_says_what_came_and_what_became_of_it(
    call: Any, tenant: Tenant, store: Any
) -> None:
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    same = "0123456789abcdef0123456789abcdef"
    store(
        {"event_id": same, "message": "hello"}, {"event_id": same, "message": "hello"}, begin=hour
    )
    store({"message": "too old to be asked for"}, begin=hour - timedelta(hours=5))

    ledger = call("GET", f"/projects/{tenant.project.id}/outcomes?hours=2").json()
    assert ledger["next_cursor"] is None
    assert [tuple(row.values()) for row in ledger["items"]] == [
        (f"{hour:%Y-%m-%dT%H:%M:%S}Z", "error", "accepted", "", 2),
        (f"{hour:%Y-%m-%dT%H:%M:%S}Z", "error", "dropped", "duplicate", 1),
        (f"{hour:%Y-%m-%dT%H:%M:%S}Z", "error", "stored", "", 1),
    ]
