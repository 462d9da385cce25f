"""The page behind an invitation's link."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from mesher.accounts.invitations import MAX_INVITATIONS, accept_as_person
from mesher.errors import MesherError
from mesher.storage.database import writing
from serving import Client
from tenants import PASSWORD, Tenant, add_member

NEW_PERSON = {"email": "Eve@Example.com", "name": "Eve", "password": "a long passphrase"}


@pytest.fixture
def invite(client: Client, tenant: Tenant) -> Any:
    """Makes an invitation to the tenant's organisation; its secret."""

    def run(**wanted: str) -> str:
        made = client.post(
            "/api/v1/organizations/ada/invitations",
            headers={"authorization": f"Bearer {tenant.tokens['admin']}"},
            json=wanted,
        )
        assert made.status_code == 201, made.text
        return made.json()["token"]

    return run


def roles(client: Client, tenant: Tenant) -> dict[str, str]:
    listed = client.get(
        "/api/v1/organizations/ada/members",
        headers={"authorization": f"Bearer {tenant.tokens['read']}"},
    ).json()["items"]
    return {one["email"]: one["role"] for one in listed}


def test_a_new_person_makes_an_account_and_is_logged_in(
    client: Client, tenant: Tenant, invite: Any
) -> None:
    page = f"/invitations/{invite(role='admin')}"
    assert "Join ada" in client.get(page).text
    answer = client.post(page, data=NEW_PERSON)
    assert (answer.status_code, answer.headers["location"]) == (303, "/projects")
    assert "ada&#39;s shop" in client.get("/projects").text
    assert roles(client, tenant)["eve@example.com"] == "admin"


def test_somebody_logged_in_joins_with_one_button(
    client: Client, tenant: Tenant, invite: Any
) -> None:
    bob = client.make_tenant("bob")
    page = f"/invitations/{invite()}"
    client.post("/login", data={"email": bob.email, "password": PASSWORD})
    assert "Join as bob" in client.get(page).text
    assert client.post(page).status_code == 303
    assert roles(client, tenant)["bob@example.com"] == "member"


def test_an_invitation_is_good_once(client: Client, invite: Any) -> None:
    page = f"/invitations/{invite()}"
    client.post(page, data=NEW_PERSON)
    client.cookies.clear()
    again = client.post(page, data=NEW_PERSON | {"email": "mallory@example.com"})
    assert again.status_code == 404
    assert client.get(page).status_code == 404


def test_of_two_who_accept_at_once_one_joins(client: Client, tenant: Tenant, invite: Any) -> None:
    engine, token = client.resources.engine, invite()
    two = [client.make_tenant(name) for name in ("bob", "eve")]

    async def accept(person: Tenant) -> bool:
        try:
            async with writing(engine) as conn:
                now = (await conn.execute(text("SELECT now()"))).scalar_one()
                await accept_as_person(conn, token, person.user_id, now=now)
        except MesherError:
            return False
        return True

    async def both() -> list[bool]:
        return await asyncio.gather(*(accept(person) for person in two))

    assert sorted(client.call(both)) == [False, True]
    assert len(roles(client, tenant)) == 2


def test_unknown_used_expired_and_revoked_are_answered_alike(
    client: Client, tenant: Tenant, invite: Any
) -> None:
    headers = {"authorization": f"Bearer {tenant.tokens['admin']}"}
    used, expired, revoked = invite(), invite(), invite()
    client.post(f"/invitations/{used}", data=NEW_PERSON)
    client.cookies.clear()
    path = "/api/v1/organizations/ada/invitations"
    open_ones = client.get(path, headers=headers).json()["items"]
    client.request("DELETE", f"{path}/{open_ones[1]['id']}", headers=headers)

    async def expire() -> None:
        async with writing(client.resources.engine) as conn:
            await conn.execute(text("UPDATE invitations SET expires_at = now()"))

    client.call(expire)
    body = {**NEW_PERSON, "email": "mallory@example.com"}
    for token in (used, expired, revoked):
        for method, where, options in (
            ("GET", f"/invitations/{token}", {}),
            ("POST", f"/invitations/{token}", {"data": body}),
            ("POST", "/api/v1/invitations/accept", {"json": body | {"token": token}}),
        ):
            unknown = (
                {**options, "json": body | {"token": "x" * 43}} if "json" in options else options
            )
            answer = client.request(method, where, **options)
            alike = client.request(method, where.replace(token, "x" * 43), **unknown)
            assert answer.status_code == alike.status_code == 404
            assert answer.text == alike.text


def test_an_invitation_for_an_e_mail_is_for_nobody_else(
    client: Client, tenant: Tenant, invite: Any
) -> None:
    page = f"/invitations/{invite(email='Eve@example.com')}"
    client.make_tenant("bob")
    refused = client.post(page, data=NEW_PERSON | {"email": "bob2@example.com"})
    assert refused.status_code == 403
    client.post("/login", data={"email": "bob@example.com", "password": PASSWORD})
    assert client.post(page).status_code == 403
    client.cookies.clear()
    assert client.post(page, data=NEW_PERSON).status_code == 303


def test_who_is_a_member_already_uses_no_invitation_up(
    client: Client, tenant: Tenant, invite: Any
) -> None:
    page = f"/invitations/{invite(role='member')}"
    client.post("/login", data={"email": tenant.email, "password": PASSWORD})
    assert client.post(page).status_code == 409
    assert client.get(page).status_code == 200
    assert roles(client, tenant)[tenant.email] == "owner"


@pytest.mark.parametrize(
    ("field", "text"),
    [("password", "short"), ("password", "x" * 1001), ("name", " "), ("email", "nobody")],
)
def test_what_does_not_fit_is_said_and_nothing_is_made(
    client: Client, tenant: Tenant, invite: Any, field: str, text: str
) -> None:
    page = f"/invitations/{invite()}"
    answer = client.post(page, data=NEW_PERSON | {field: text})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert text == " " or field != "password" or text not in answer.text
    assert len(roles(client, tenant)) == 1
    assert client.get(page).status_code == 200


def test_an_e_mail_with_an_account_is_refused_and_tries_are_limited(
    client: Client, invite: Any
) -> None:
    page = f"/invitations/{invite()}"
    taken = NEW_PERSON | {"email": "ada@example.com"}
    assert client.post(page, data=taken).status_code == 409
    tries = [client.post(page, data=NEW_PERSON | {"name": ""}).status_code for _ in range(20)]
    assert tries[-1] == 429


def test_the_address_of_the_page_is_told_to_no_other(client: Client, invite: Any) -> None:
    page = client.get(f"/invitations/{invite()}")
    assert page.headers["referrer-policy"] == "strict-origin"
    assert page.headers["cache-control"] == "no-store"
    assert "src=" not in page.text.replace('src="/static/', "")


def test_a_name_in_an_invitation_is_text(client: Client, tenant: Tenant, invite: Any) -> None:
    token = invite(role="member")
    client.request(
        "PATCH",
        "/api/v1/organizations/ada",
        headers={"authorization": f"Bearer {tenant.tokens['admin']}"},
        json={"name": "<script>alert(1)</script>"},
    )
    assert "<script>" not in client.get(f"/invitations/{token}").text


def test_a_member_invites_nobody_and_an_admin_no_owner(
    client: Client, tenant: Tenant, invite: Any
) -> None:
    for name, role, wanted, status in (
        ("m", "member", "member", 403),
        ("a", "admin", "owner", 403),
        ("b", "admin", "admin", 201),
    ):
        person = client.call(add_member, client.resources.engine, tenant, name, role)
        answer = client.post(
            "/api/v1/organizations/ada/invitations",
            headers={"authorization": f"Bearer {person.tokens['admin']}"},
            json={"role": wanted},
        )
        assert answer.status_code == status


def test_over_the_api_a_token_accepts_for_its_person_and_a_stranger_for_a_new_one(
    client: Client, tenant: Tenant, invite: Any
) -> None:
    bob = client.make_tenant("bob")
    path = "/api/v1/invitations/accept"
    headers = {"authorization": f"Bearer {bob.tokens['admin']}"}
    accepted = client.post(path, headers=headers, json={"token": invite()})
    assert accepted.json() == {
        "organization_id": str(tenant.org_id),
        "organization_name": "ada",
        "role": "member",
    }
    assert client.post(path, json={"token": invite()}).status_code == 400
    assert client.post(path, json={"token": invite()} | NEW_PERSON).status_code == 200
    assert set(roles(client, tenant)) == {tenant.email, bob.email, "eve@example.com"}


def test_an_organisation_has_a_bounded_number_of_open_invitations(
    client: Client, tenant: Tenant, invite: Any
) -> None:
    async def fill() -> None:
        async with writing(client.resources.engine) as conn:
            await conn.execute(
                text("""
                    INSERT INTO invitations (org_id, role, token_hash, invited_by, expires_at)
                    SELECT :org_id, 'member', n::text, :user_id, now() + interval '1 day'
                    FROM generate_series(1, :count) AS n
                """),
                {"org_id": tenant.org_id, "user_id": tenant.user_id, "count": MAX_INVITATIONS},
            )

    client.call(fill)
    answer = client.post(
        "/api/v1/organizations/ada/invitations",
        headers={"authorization": f"Bearer {tenant.tokens['admin']}"},
        json={},
    )
    assert answer.status_code == 409


@pytest.mark.parametrize("token", ["%ff", "%00", "a%2Fb", "x" * 5000])
def test_no_text_in_the_place_of_a_secret_does_harm(client: Client, token: str) -> None:
    assert client.get(f"/invitations/{token}").status_code == 404
