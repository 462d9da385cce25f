"""The caller's own account, over the API."""

from __future__ import annotations

from typing import Any

import pytest

from mesher.accounts.passwords import FAILURES_PER_ACCOUNT
from serving import Client
from tenants import PASSWORD, Tenant

NEW = "a better one than that"


def _log_in(client: Client, email: str, password: str = PASSWORD) -> int:
    return client.post("/login", data={"email": email, "password": password}).status_code


def test_a_token_tells_whose_it_is_and_where_they_belong(call: Any, tenant: Tenant) -> None:
    me = call("GET", "/me").json()
    assert (me["id"], me["email"]) == (str(tenant.user_id), tenant.email)
    assert "password_hash" not in me
    [place] = call("GET", "/me/memberships").json()["items"]
    assert (place["slug"], place["role"]) == ("ada", "owner")


def test_people_change_how_they_are_called(call: Any, tenant: Tenant) -> None:
    changed = call("PATCH", "/me", scope="admin", json={"display_name": " Ada L. "})
    assert changed.json()["display_name"] == "Ada L."
    assert call("PATCH", "/me", scope="admin", json={"display_name": " "}).status_code == 400


def test_sessions_are_listed_and_ended_one_by_one(
    client: Client, call: Any, tenant: Tenant
) -> None:
    assert _log_in(client, tenant.email) == 303
    [session] = call("GET", "/me/sessions", scope="admin").json()["items"]
    cookie = client.cookies["mesher_session"]
    assert cookie not in str(session)
    assert client.get("/projects").status_code == 200
    assert call("DELETE", f"/me/sessions/{session['id']}", scope="admin").status_code == 204
    assert client.get("/projects").status_code == 303
    assert call("GET", "/me/sessions", scope="admin").json()["items"] == []


def test_nobody_ends_anothers_session(client: Client, call: Any, tenant: Tenant) -> None:
    bob = client.make_tenant("bob")
    assert _log_in(client, tenant.email) == 303
    [session] = call("GET", "/me/sessions", scope="admin").json()["items"]
    client.request(
        "DELETE",
        f"/api/v1/me/sessions/{session['id']}",
        headers={"authorization": f"Bearer {bob.tokens['admin']}"},
    )
    assert client.get("/projects").status_code == 200


def test_a_changed_password_ends_all_sessions(client: Client, call: Any, tenant: Tenant) -> None:
    assert _log_in(client, tenant.email) == 303
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert call("POST", "/me/password", scope="admin", json=body).status_code == 204
    assert client.get("/projects").status_code == 303
    assert _log_in(client, tenant.email) == 401
    assert _log_in(client, tenant.email, NEW) == 303


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"current_password": "wrong", "new_password": NEW}, 403, "current_password"),
        ({"current_password": PASSWORD, "new_password": "short"}, 400, "new_password"),
        ({"current_password": PASSWORD}, 400, ""),
    ],
)
def test_a_password_is_changed_by_who_knows_it_to_one_that_is_long_enough(
    call: Any, body: dict[str, str], status: int, field: str
) -> None:
    answer = call("POST", "/me/password", scope="admin", json=body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


def test_guessing_the_current_password_is_throttled_as_log_ins_are(call: Any) -> None:
    body = {"current_password": "wrong", "new_password": NEW}
    statuses = [
        call("POST", "/me/password", scope="admin", json=body).status_code
        for _ in range(FAILURES_PER_ACCOUNT + 1)
    ]
    assert statuses == [403] * FAILURES_PER_ACCOUNT + [429]


def test_a_smaller_token_changes_nothing_of_the_account(call: Any) -> None:
    for method, path in (("PATCH", "/me"), ("POST", "/me/password"), ("GET", "/me/sessions")):
        assert call(method, path, scope="write").status_code == 403
