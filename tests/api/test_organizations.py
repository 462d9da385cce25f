"""Organisations over the API, and who may do what to them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mesher.app import make_app
from mesher.storage.connection import connect
from mesher.storage.removals import find_due, remove
from serving import Client
from tenants import Tenant, add_member, make_token, store_events


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def remove_all(database_url: str) -> None:
    """What the job does until nothing is due."""
    with connect(database_url, application_name="test") as conn:
        while due := find_due(conn):
            for removal in due:
                list(remove(conn, removal))


def test_whoever_makes_an_organisation_owns_it_and_gets_a_token_for_it(
    call: Any, client: Client, tenant: Tenant
) -> None:
    made = call("POST", "/organizations", scope="admin", json={"name": "Zweite Straße"})
    assert made.status_code == 201
    assert made.json()["slug"] == "zweite-strasse"
    headers = bearer(made.json()["token"])
    [member] = client.get("/api/v1/organizations/zweite-strasse/members", headers=headers).json()[
        "items"
    ]
    assert (member["user_id"], member["role"]) == (str(tenant.user_id), "owner")
    assert call("GET", "/organizations/zweite-strasse").status_code == 404  # the token is ada's


def test_a_taken_slug_is_refused_where_it_was_chosen_and_changed_where_it_was_not(
    call: Any, client: Client
) -> None:
    client.make_tenant("bob")
    chosen = {"name": "x", "slug": "bob"}
    assert call("POST", "/organizations", scope="admin", json=chosen).status_code == 409
    made = call("POST", "/organizations", scope="admin", json={"name": "Bob"}).json()
    assert made["slug"].startswith("bob-")


def test_the_operator_may_keep_making_organisations_to_himself(call: Any, client: Client) -> None:
    object.__setattr__(client.resources, "members_make_organizations", False)
    client.app = make_app(client.resources)
    answer = call("POST", "/organizations", scope="admin", json={"name": "x"})
    assert answer.status_code == 403
    assert "mesher organization create" in answer.json()["hint"]


@pytest.mark.parametrize(
    ("role", "change", "deletion"), [("owner", 200, 204), ("admin", 200, 403), ("member", 403, 403)]
)
def test_admins_rename_and_owners_delete(
    client: Client, tenant: Tenant, role: Any, change: int, deletion: int
) -> None:
    person = client.call(add_member, client.resources.engine, tenant, "eve", role)
    for method, status in (("PATCH", change), ("DELETE", deletion)):
        answer = client.request(
            method,
            "/api/v1/organizations/ada",
            headers=bearer(person.tokens["admin"]),
            json={"name": "Ada & Co"},
        )
        assert answer.status_code == status, answer.text
    assert (
        client.request(
            "PATCH",
            "/api/v1/organizations/ada",
            headers=bearer(person.tokens["write"]),
            json={"name": "x"},
        ).status_code
        in {401, 403}  # 401: it was deleted
    )


def test_a_token_for_one_project_changes_no_organisation_and_sees_no_members(
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

    headers = bearer(client.call(narrow))
    for method, path in (
        ("POST", ""),
        ("PATCH", "/ada"),
        ("DELETE", "/ada"),
        ("GET", "/ada/members"),
        ("DELETE", "/ada/members/me"),
        ("POST", "/ada/invitations"),
        ("POST", "/ada/projects"),
        ("GET", "/ada/audit-log"),
        ("GET", "/ada/storage"),
    ):
        answer = client.request(
            method, f"/api/v1/organizations{path}", headers=headers, json={"name": "x"}
        )
        assert answer.status_code == 403, path


def test_a_deleted_organisation_is_gone_at_once_and_its_data_after_the_job(
    call: Any, client: Client, tenant: Tenant, database_url: str
) -> None:
    bob = client.make_tenant("bob")
    for one in (tenant, bob):
        store_events(database_url, one.project, {"message": "hello"}, {"message": "again"})
    call("POST", "/organizations/ada/invitations", scope="admin", json={})
    assert call("DELETE", "/organizations/ada", scope="admin").status_code == 204
    assert call("GET", "/projects").status_code == 401
    with connect(database_url, application_name="test") as conn:
        usable = conn.execute(
            "SELECT count(*) FROM api_keys AS k JOIN projects AS p ON p.id = k.project_id"
            " WHERE p.org_id = %s AND (k.revoked_at IS NULL OR k.revoked_at > now())",
            (tenant.org_id,),
        ).fetchone()
        assert usable == (0,)

    remove_all(database_url)
    assert rows_of(database_url, "org_id", tenant.org_id) == {}
    assert rows_of(database_url, "project_id", tenant.project.id) == {}
    assert rows_of(database_url, "project_id", bob.project.id)["events"] == 2
    with connect(database_url, application_name="test") as conn:
        left = conn.execute("SELECT slug FROM organizations").fetchall()
        record = conn.execute(
            "SELECT action, actor_id FROM audit_log WHERE org_id IS NULL"
        ).fetchall()
    assert left == [("bob",)]
    assert record == [("organization.deleted", tenant.user_id)]


def rows_of(database_url: str, column: str, subject: object) -> dict[str, int]:
    """How many rows each table has of a project or organisation, those with any."""
    with connect(database_url, application_name="test") as conn:
        tables = conn.execute(
            "SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid"
            " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attname = %s"
            " AND c.relname <> 'removals'",
            (column,),
        ).fetchall()
        counts = {
            table: conn.execute(
                f"SELECT count(*) FROM {table} WHERE {column} = %s", (subject,)
            ).fetchone()[0]
            for (table,) in tables
        }
    return {table: count for table, count in counts.items() if count}


def test_changes_are_listed_for_admins_by_who_what_and_whom(
    call: Any, client: Client, tenant: Tenant
) -> None:
    call("PATCH", "/organizations/ada", scope="admin", json={"name": "Ada & Co"})
    made = call("POST", "/organizations/ada/projects", scope="admin", json={"name": "Web"}).json()
    call("DELETE", f"/projects/{made['id']}", scope="admin")
    path = "/organizations/ada/audit-log"

    def actions(query: str = "") -> list[str]:
        return [one["action"] for one in call("GET", path + query, scope="admin").json()["items"]]

    assert actions() == [
        "project.deleted",
        "key.created",
        "project.created",
        "organization.changed",
    ]
    assert actions("?target_kind=project") == ["project.deleted", "project.created"]
    assert actions(f"?target_id={made['id']}&action=project.created") == ["project.created"]
    assert len(actions(f"?actor={tenant.user_id}")) == 4
    assert actions(f"?actor={tenant.project.id}") == []
    assert actions("?action=%00") == []
    assert call("GET", path + "?actor=ada", scope="admin").status_code == 400
    renamed = call("GET", path + "?action=organization.changed", scope="admin").json()["items"][0]
    assert renamed["details"] == {"name": {"before": "ada", "after": "Ada & Co"}}
    assert renamed["actor_name"] == "ada (token admin)"
    member = client.call(add_member, client.resources.engine, tenant, "m", "member")
    answer = client.get(f"/api/v1{path}", headers=bearer(member.tokens["admin"]))
    assert answer.status_code == 403
    assert call("GET", path, scope="read").status_code == 403


def test_settings_and_rules_are_written_down_with_what_was_before(
    call: Any, tenant: Tenant
) -> None:
    path = f"/projects/{tenant.project.id}"
    for _ in range(2):  # the second changes nothing
        call("PATCH", f"{path}/ingest-settings", scope="admin", json={"filter_localhost": True})
        rules = {"rules": 'error.type:"A" -> a'}
        assert call("PUT", f"{path}/grouping/rules", scope="admin", json=rules).status_code == 200
    log = call("GET", "/organizations/ada/audit-log", scope="admin").json()["items"]
    assert [(one["action"], one["details"]) for one in log] == [
        (
            "project.grouping_rules_changed",
            {"rules": {"before": "", "after": 'error.type:"A" -> a'}},
        ),
        (
            "project.ingest_settings_changed",
            {"filter_localhost": {"before": False, "after": True}},
        ),
    ]


def test_no_secret_is_in_the_record(call: Any, database_url: str) -> None:
    secrets = [
        call("POST", "/organizations/ada/tokens", scope="admin", json={"name": "x"}).json()[
            "token"
        ],
        call("POST", "/organizations/ada/invitations", scope="admin", json={}).json()["token"],
    ]
    with connect(database_url, application_name="test") as conn:
        record = str(conn.execute("SELECT * FROM audit_log").fetchall())
    assert "token.created" in record
    assert not any(secret in record for secret in secrets)


def test_what_is_stored_is_told_by_project_and_organisation(
    call: Any, tenant: Tenant, store: Any
) -> None:
    assert call("GET", "/organizations/ada/storage").json()["events"] == 0
    store(
        *({"message": f"m{n}", "extra": {"x": "y" * 500}} for n in range(3)),
        begin=datetime.now(UTC),
    )
    used = call("GET", f"/projects/{tenant.project.id}/storage").json()
    assert used["events"] == 3
    assert 600 < used["event_bytes"] < 30_000
    assert (used["attachments"], used["artifacts"]) == (0, 0)
    assert call("GET", "/organizations/ada/storage").json() == used
