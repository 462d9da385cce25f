"""The second factor, and the deletion of an account, over the API."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import pyotp
import pytest
from sqlalchemy import text

from mesher.accounts.second_factor import RECOVERY_CODES
from mesher.storage.database import reading
from serving import Client
from tenants import PASSWORD, Tenant, add_member, store_events

PATH = "/me/second-factor"


@pytest.fixture
def ask(call: Any) -> Any:
    return partial(call, scope="admin")


def prove(ask: Any, path: str, password: str = PASSWORD) -> Any:
    return ask("POST", path, json={"password": password})


def code(secret: str, *, steps: int = 0) -> str:
    return str(pyotp.TOTP(secret).at(time.time(), counter_offset=steps))


def test_it_is_asked_for_once_a_code_of_it_was_seen(ask: Any) -> None:
    assert ask("GET", PATH).json() == {"enabled": False, "recovery_codes": 0}
    begun = prove(ask, PATH).json()
    assert begun["uri"].startswith("otpauth://totp/Mesher:ada%40example.com?")
    assert begun["secret"] in begun["uri"]
    assert not ask("GET", PATH).json()["enabled"]
    confirmed = ask("POST", f"{PATH}/confirm", json={"code": code(begun["secret"])})
    assert len(set(confirmed.json()["recovery_codes"])) == RECOVERY_CODES
    assert ask("GET", PATH).json() == {"enabled": True, "recovery_codes": RECOVERY_CODES}


def test_a_wrong_code_confirms_nothing(ask: Any) -> None:
    secret = prove(ask, PATH).json()["secret"]
    wrong = ask("POST", f"{PATH}/confirm", json={"code": code(secret, steps=5)})
    assert (wrong.status_code, wrong.json()["field"]) == (403, "code")
    assert not ask("GET", PATH).json()["enabled"]
    assert ask("POST", f"{PATH}/confirm", json={"code": code(secret)}).status_code == 200


def test_one_that_is_in_use_is_not_replaced_before_it_is_turned_off(ask: Any) -> None:
    assert ask("POST", f"{PATH}/confirm", json={"code": "123456"}).status_code == 409
    secret = prove(ask, PATH).json()["secret"]
    ask("POST", f"{PATH}/confirm", json={"code": code(secret)})
    assert prove(ask, PATH).status_code == 409
    assert prove(ask, f"{PATH}/remove").status_code == 204
    assert prove(ask, f"{PATH}/recovery-codes").status_code == 409
    assert prove(ask, PATH).status_code == 201


def test_recovery_codes_are_replaced(ask: Any) -> None:
    secret = prove(ask, PATH).json()["secret"]
    confirm = ask("POST", f"{PATH}/confirm", json={"code": code(secret)})
    renewed = prove(ask, f"{PATH}/recovery-codes").json()["recovery_codes"]
    assert not set(renewed) & set(confirm.json()["recovery_codes"])


@pytest.mark.parametrize("path", [PATH, f"{PATH}/recovery-codes", f"{PATH}/remove", "/me/delete"])
def test_a_token_alone_changes_nothing_of_it(ask: Any, path: str) -> None:
    refused = prove(ask, path, "wrong")
    assert (refused.status_code, refused.json()["field"]) == (403, "password")


def test_secret_and_codes_lie_sealed_and_hashed(client: Client, ask: Any) -> None:
    secret = prove(ask, PATH).json()["secret"]
    codes = ask("POST", f"{PATH}/confirm", json={"code": code(secret)}).json()["recovery_codes"]

    async def stored() -> str:
        async with reading(client.resources.engine) as conn:
            factors = await conn.execute(
                text("SELECT encode(secret, 'escape') FROM second_factors")
            )
            hashes = await conn.execute(text("SELECT code_hash FROM recovery_codes"))
            return f"{factors.all()} {hashes.all()}"

    kept = client.call(stored)
    assert secret not in kept
    assert not any(one in kept or one.replace("-", "") in kept for one in codes)


def test_an_account_is_deleted_with_all_that_is_only_its(
    client: Client, call: Any, tenant: Tenant, database_url: str
) -> None:
    store_events(database_url, tenant.project, {"message": "broken"})
    bob = client.call(partial(add_member, client.resources.engine, tenant, "bob", "member"))
    headers = {"authorization": f"Bearer {bob.tokens['admin']}"}
    [issue, *_] = call("GET", f"/projects/{tenant.project.id}/issues").json()["items"]
    client.post(f"/api/v1/issues/{issue['id']}/comments", headers=headers, json={"comment": "mine"})
    call("PATCH", f"/issues/{issue['id']}", json={"assigned_to": "bob@example.com"})

    body = {"password": PASSWORD}
    gone = client.post("/api/v1/me/delete", headers=headers, json=body)
    assert gone.status_code == 204
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    form = {"email": bob.email, "password": PASSWORD}
    assert client.post("/login", data=form).status_code == 401
    people = call("GET", f"/organizations/{tenant.org_id}/members").json()["items"]
    assert [one["email"] for one in people] == [tenant.email]
    after = call("GET", f"/issues/{issue['id']}").json()
    assert after["assigned_to"] is None
    comments = call("GET", f"/issues/{issue['id']}/comments").json()["items"]
    assert [one["comment"] for one in comments] == ["mine"]


def test_the_only_owner_stays_until_there_is_another(
    client: Client, ask: Any, tenant: Tenant
) -> None:
    refused = prove(ask, "/me/delete")
    assert refused.status_code == 409
    assert "only owner of the organization ada" in refused.json()["message"]
    client.call(partial(add_member, client.resources.engine, tenant, "bob", "owner"))
    assert prove(ask, "/me/delete").status_code == 204


def test_the_record_of_a_deleted_account_does_not_tell_who_it_was(
    client: Client, ask: Any, tenant: Tenant
) -> None:
    client.call(partial(add_member, client.resources.engine, tenant, "bob", "owner"))
    prove(ask, "/me/delete")

    async def record() -> Any:
        async with reading(client.resources.engine) as conn:
            result = await conn.execute(
                text("SELECT * FROM audit_log WHERE action = 'user.deleted'")
            )
            return result.mappings().one()

    entry = client.call(record)
    assert (entry["actor_name"], entry["target_name"]) == ("", "")
