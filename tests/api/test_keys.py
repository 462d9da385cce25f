"""The keys of a project over the API."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest
from sqlalchemy import text

from mesher.ingest.project_keys import REFRESH_SECONDS
from mesher.storage.database import writing
from serving import Client
from tenants import Tenant
from waiting import wait_until


@pytest.fixture
def path(tenant: Tenant) -> str:
    return f"/projects/{tenant.project.id}/keys"


def send(client: Client, tenant: Tenant, dsn: str) -> int:
    """Send an event with the key of a DSN; the status of the answer."""
    key = dsn.partition("://")[2].partition("@")[0]
    return client.post(
        f"/api/{tenant.project.number}/store/?sentry_key={key}",
        content=json.dumps({"event_id": uuid.uuid4().hex, "message": "x"}),
    ).status_code


def test_a_key_is_made_with_a_label_and_listed_with_its_dsn(
    call: Any, path: str, tenant: Tenant
) -> None:
    made = call("POST", path, scope="admin", json={"label": "browsers"})
    assert made.status_code == 201
    key = made.json()
    assert key["key_value"].removeprefix("mshr_") in key["dsn"]
    listed = call("GET", path, scope="read").json()["items"]
    assert [one["label"] for one in listed] == ["default", "browsers"]
    assert listed[1] == key
    assert key["dsn"] in call("GET", f"/projects/{tenant.project.id}").json()["dsns"]


def test_a_key_is_renamed(call: Any, path: str) -> None:
    [key] = call("GET", path).json()["items"]
    renamed = call("PATCH", f"{path}/{key['id']}", scope="admin", json={"label": "servers"})
    assert renamed.json() == {**key, "label": "servers"}


def test_a_revoked_key_takes_nothing_within_seconds_and_stays_listed(
    client: Client, call: Any, path: str, tenant: Tenant
) -> None:
    key = call("POST", path, scope="admin", json={"label": "x"}).json()
    wait_until(lambda: send(client, tenant, key["dsn"]) == 200)
    assert call("DELETE", f"{path}/{key['id']}", scope="admin").status_code == 204
    began = time.monotonic()
    wait_until(lambda: send(client, tenant, key["dsn"]) == 403)
    assert time.monotonic() - began < 5 * REFRESH_SECONDS  # some of it on a busy machine
    listed = call("GET", path).json()["items"]
    assert [one["revoked_at"] is not None for one in listed] == [False, True]
    assert call("DELETE", f"{path}/{key['id']}", scope="admin").status_code == 409


def test_a_rotated_key_is_valid_beside_the_new_one_until_its_time(
    client: Client, call: Any, path: str, tenant: Tenant
) -> None:
    [old] = call("GET", path).json()["items"]
    rotate = f"{path}/{old['id']}/rotate"
    new = call("POST", rotate, scope="admin", json={"revoke_after_hours": 24}).json()
    assert new["label"] == old["label"]
    wait_until(lambda: send(client, tenant, new["dsn"]) == 200)
    assert send(client, tenant, old["dsn"]) == 200
    assert len(call("GET", f"/projects/{tenant.project.id}").json()["dsns"]) == 2

    async def wait_a_day() -> None:
        async with writing(client.resources.engine) as conn:
            await conn.execute(
                text("UPDATE api_keys SET revoked_at = revoked_at - interval '24 hours'")
            )

    client.call(wait_a_day)
    wait_until(lambda: send(client, tenant, old["dsn"]) == 403)
    assert send(client, tenant, new["dsn"]) == 200
    assert call("POST", rotate, scope="admin", json={}).status_code == 409


def test_a_key_that_ends_later_can_be_revoked_now(call: Any, path: str) -> None:
    [old] = call("GET", path).json()["items"]
    call("POST", f"{path}/{old['id']}/rotate", scope="admin", json={"revoke_after_hours": 24})
    assert call("DELETE", f"{path}/{old['id']}", scope="admin").status_code == 204
    assert call("DELETE", f"{path}/{old['id']}", scope="admin").status_code == 409


def test_a_rotation_without_hours_revokes_the_old_key_now(
    call: Any, path: str, tenant: Tenant
) -> None:
    [old] = call("GET", path).json()["items"]
    new = call("POST", f"{path}/{old['id']}/rotate", scope="admin", json={}).json()
    assert call("GET", f"/projects/{tenant.project.id}").json()["dsns"] == [new["dsn"]]


def test_a_key_of_another_project_is_none_of_this_one(client: Client, call: Any, path: str) -> None:
    bob = client.make_tenant("bob")
    [foreign] = client.get(
        f"/api/v1/projects/{bob.project.id}/keys",
        headers={"authorization": f"Bearer {bob.tokens['read']}"},
    ).json()["items"]
    for key_id in (foreign["id"], uuid.uuid4(), "x"):
        for method, suffix, body in (
            ("PATCH", "", {"label": "x"}),
            ("DELETE", "", None),
            ("POST", "/rotate", {}),
        ):
            answer = call(method, f"{path}/{key_id}{suffix}", scope="admin", json=body)
            assert (answer.status_code, answer.json()["message"]) == (404, "there is no such key")


def test_what_happens_to_keys_is_written_down_by_their_labels(call: Any, path: str) -> None:
    key = call("POST", path, scope="admin", json={"label": "x"}).json()
    call("POST", f"{path}/{key['id']}/rotate", scope="admin", json={"revoke_after_hours": 1})
    call("DELETE", f"{path}/{key['id']}", scope="admin")
    log = call("GET", "/organizations/ada/audit-log?target_kind=key", scope="admin")
    assert [one["action"] for one in log.json()["items"]] == [
        "key.revoked",
        "key.rotated",
        "key.created",
        "key.created",
    ]
    assert key["key_value"] not in log.text
