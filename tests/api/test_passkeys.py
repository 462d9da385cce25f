"""The caller's passkeys over the API."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from serving import Client
from tenants import PASSWORD, Tenant, make_passkey


def make(client: Client, tenant: Tenant) -> str:
    return client.call(partial(make_passkey, client.resources.engine, tenant.user_id))


def remove(call: Any, passkey_id: str, password: str = PASSWORD) -> int:
    path = f"/me/passkeys/{passkey_id}/remove"
    return call("POST", path, scope="admin", json={"password": password}).status_code


def listed(call: Any) -> list[str]:
    answer = call("GET", "/me/passkeys", scope="admin").json()
    return [one["id"] for one in answer["items"]]


def test_passkeys_are_listed_without_their_keys(call: Any, client: Client, tenant: Tenant) -> None:
    passkey_id = make(client, tenant)
    [found] = call("GET", "/me/passkeys", scope="admin").json()["items"]
    assert set(found) == {"id", "label", "created_at", "last_used_at"}
    assert (found["id"], found["label"], found["last_used_at"]) == (passkey_id, "phone", None)


def test_one_is_removed_with_the_password(call: Any, client: Client, tenant: Tenant) -> None:
    lost, kept = make(client, tenant), make(client, tenant)
    assert remove(call, lost, "another password") == 403
    assert remove(call, lost) == 204
    assert listed(call) == [kept]
    assert remove(call, lost) == 404


def test_somebody_elses_is_answered_like_one_that_is_not_there(call: Any, client: Client) -> None:
    foreign = make(client, client.make_tenant("bob"))
    assert [remove(call, one) for one in (foreign, str(uuid.uuid4()), "x")] == [404, 404, 404]
