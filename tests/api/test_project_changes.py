"""Making, changing and deleting projects over the API."""

from __future__ import annotations

from typing import Any

import pytest

from mesher.storage.connection import connect
from mesher.storage.removals import LATECOMER_DAYS, find_due, remove
from serving import Client
from tenants import Tenant, add_member, store_events

PROJECTS = "/organizations/ada/projects"


def test_a_new_project_takes_events_at_once(call: Any) -> None:
    made = call("POST", PROJECTS, scope="admin", json={"name": "Café", "platform": "python"})
    assert made.status_code == 201
    project = made.json()
    assert (project["slug"], project["platform"]) == ("cafe", "python")
    [dsn] = project["dsns"]
    assert dsn.endswith(f"/{project['number']}")
    assert call("GET", "/projects/cafe").json() == project


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "\0 \u200b"},
        {"name": "x" * 101},
        {"name": "x", "slug": "No Slug"},
        {"name": "x", "slug": "me"},
        {"name": "x", "color": "red"},
    ],
)
def test_what_does_not_fit_makes_no_project(call: Any, body: dict[str, str]) -> None:
    assert call("POST", PROJECTS, scope="admin", json=body).status_code == 400
    assert len(call("GET", "/projects").json()["items"]) == 1


def test_what_is_not_sent_stays_as_it_is(call: Any, tenant: Tenant) -> None:
    path = f"/projects/{tenant.project.id}"
    call("PATCH", path, scope="admin", json={"platform": "go"})
    changed = call("PATCH", path, scope="admin", json={"name": "Till", "slug": "till"}).json()
    assert (changed["name"], changed["slug"], changed["platform"]) == ("Till", "till", "go")
    cleared = call("PATCH", path, scope="admin", json={"platform": None}).json()
    assert (cleared["name"], cleared["platform"]) == ("Till", None)
    assert call("GET", "/projects/ada-shop").status_code == 404


def test_a_slug_that_is_taken_is_a_conflict(call: Any, client: Client, tenant: Tenant) -> None:
    client.make_tenant("bob")
    path = f"/projects/{tenant.project.id}"
    assert call("PATCH", path, scope="admin", json={"slug": "bob-shop"}).status_code == 409
    assert call("PATCH", path, scope="admin", json={"slug": "ada-shop"}).status_code == 200


@pytest.mark.parametrize(("role", "allowed"), [("owner", True), ("admin", True), ("member", False)])
def test_admins_shape_projects_and_members_do_not(
    client: Client, tenant: Tenant, role: Any, allowed: bool
) -> None:
    person = client.call(add_member, client.resources.engine, tenant, "eve", role)
    headers = {"authorization": f"Bearer {person.tokens['admin']}"}
    project = f"/projects/{tenant.project.id}"
    for method, path, body, status in (
        ("POST", PROJECTS, {"name": "x"}, 201),
        ("PATCH", project, {"name": "x"}, 200),
        ("PATCH", f"{project}/retention-settings", {"retention_days": 7}, 200),
        ("GET", f"{project}/retention-settings", None, 200),
        ("POST", f"{project}/keys", {"label": "x"}, 201),
        ("DELETE", project, None, 204),
    ):
        answer = client.request(method, f"/api/v1{path}", headers=headers, json=body)
        assert answer.status_code == (status if allowed else 403), path


def test_retention_and_sampling_change_alone_and_leave_a_record(call: Any, tenant: Tenant) -> None:
    path = f"/projects/{tenant.project.id}/retention-settings"
    assert call("GET", path, scope="admin").json() == {"retention_days": 90, "sample_rate": 1.0}
    changed = call("PATCH", path, scope="admin", json={"retention_days": 30})
    assert changed.json() == {"retention_days": 30, "sample_rate": 1.0}
    changed = call("PATCH", path, scope="admin", json={"sample_rate": 0.5})
    assert changed.json() == {"retention_days": 30, "sample_rate": 0.5}
    log = call("GET", "/organizations/ada/audit-log", scope="admin").json()["items"]
    assert [one["details"] for one in log] == [
        {"sample_rate": {"before": 1.0, "after": 0.5}},
        {"retention_days": {"before": 90, "after": 30}},
    ]
    for wrong in ({"retention_days": 0}, {"retention_days": 3651}, {"sample_rate": 1.1}):
        assert call("PATCH", path, scope="admin", json=wrong).status_code == 400


def test_a_deleted_project_is_gone_at_once_and_its_data_after_the_job(
    call: Any, tenant: Tenant, store: Any, database_url: str
) -> None:
    store({"message": "hello", "release": "1.0"}, {"message": "again"})
    assert call("DELETE", f"/projects/{tenant.project.id}", scope="admin").status_code == 204
    assert call("GET", f"/projects/{tenant.project.id}").status_code == 404
    assert call("GET", "/projects").json()["items"] == []
    again = call("POST", PROJECTS, scope="admin", json={"name": "x", "slug": "ada-shop"})
    assert again.status_code == 201  # the slug is free

    with connect(database_url, application_name="test") as conn:
        [removal] = find_due(conn)
        assert sum(remove(conn, removal)) >= 4
        assert find_due(conn) == []
        for table in ("events", "issues", "event_ids", "outcomes", "issue_fingerprints"):
            found = conn.execute(
                f"SELECT count(*) FROM {table} WHERE project_id = %s", (tenant.project.id,)
            )
            assert found.fetchone() == (0,), table
        assert conn.execute("SELECT count(*) FROM releases").fetchone() == (0,)


def test_what_is_digested_after_the_deletion_is_removed_too(
    call: Any, tenant: Tenant, database_url: str
) -> None:
    call("DELETE", f"/projects/{tenant.project.id}", scope="admin")
    with connect(database_url, application_name="test") as conn:
        [removal] = find_due(conn)
        list(remove(conn, removal))
        store_events(database_url, tenant.project, {"message": "acknowledged before"})
        conn.execute("UPDATE removals SET swept_at = now() - interval '61 minutes'")
        [removal] = find_due(conn)
        list(remove(conn, removal))
        assert conn.execute("SELECT count(*) FROM events").fetchone() == (0,)
        conn.execute(
            "UPDATE removals SET requested_at = now() - make_interval(days => %s)",
            (LATECOMER_DAYS + 1,),
        )
        list(remove(conn, removal))
        assert conn.execute("SELECT count(*) FROM removals").fetchone() == (0,)


def test_removing_stops_after_any_step_and_goes_on_later(
    call: Any, tenant: Tenant, store: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesher.storage.removals.BATCH_ROWS", 2)
    store(*({"message": f"m{n}"} for n in range(5)))
    call("DELETE", f"/projects/{tenant.project.id}", scope="admin")
    with connect(database_url, application_name="test") as conn:
        [removal] = find_due(conn)
        assert next(remove(conn, removal)) <= 2
        [removal] = find_due(conn)
        list(remove(conn, removal))
        assert conn.execute("SELECT count(*) FROM events").fetchone() == (0,)
