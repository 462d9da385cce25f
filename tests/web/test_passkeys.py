"""Passkeys: adding one on the page of the account, and logging in by it."""

from __future__ import annotations

import base64
import html
import json
import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from authenticator import PRESENT, Authenticator
from mesher.accounts import passkeys as passkeys_module
from mesher.accounts.account import reset_second_factor
from mesher.accounts.passkeys import MAX_PASSKEYS
from mesher.storage.audit_log import Author
from mesher.storage.database import writing
from serving import URL, Client
from tenants import PASSWORD, Tenant, make_passkey

# Of an answer to the log-in.
FIELDS = ("id", "rawId", "type", "response", "clientDataJSON", "authenticatorData", "signature")
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


def asked(page: str) -> tuple[dict[str, Any], str]:
    """The options for the browser and the ticket, of a page with a form for a passkey."""
    options = re.search(r'data-options="([^"]*)"', page)
    ticket = re.search(r'name="ticket" value="([^"]*)"', page)
    assert options, page
    assert ticket
    return json.loads(html.unescape(options[1])), ticket[1]


def add(client: Client, passkey: Authenticator, label: str = "Ada's phone") -> Any:
    options, ticket = asked(client.post("/account/passkeys", data={"password": PASSWORD}).text)
    form = {"ticket": ticket, "credential": passkey.create(options), "label": label}
    return client.post("/account/passkeys/new", data=form)


def login_form(client: Client) -> tuple[dict[str, Any], str]:
    return asked(client.get("/login?next=/projects").text)


def send(client: Client, credential: str, ticket: str) -> Any:
    form = {"ticket": ticket, "credential": credential, "next": "/projects"}
    return client.post("/login/passkey", data=form)


def log_in(client: Client, passkey: Authenticator) -> Any:
    client.cookies.clear()
    options, ticket = login_form(client)
    return send(client, passkey.get(options), ticket)


@pytest.fixture
def passkey(browser: Client) -> Authenticator:
    """Of the person in the browser."""
    passkey = Authenticator(URL)
    assert add(browser, passkey).status_code == 303
    return passkey


def test_a_passkey_opens_the_account_without_password_or_code(
    browser: Client, tenant: Tenant, passkey: Authenticator
) -> None:
    answer = log_in(browser, passkey)
    assert (answer.status_code, answer.headers["location"]) == (303, "/projects")
    page = browser.get("/account").text
    assert tenant.email in page
    assert "Ada&#39;s phone" in page
    assert "never used" not in page


def test_adding_one_takes_the_password(browser: Client) -> None:
    answer = browser.post("/account/passkeys", data={"password": "wrong"})
    assert answer.status_code == 403
    assert "data-options" not in answer.text


def test_an_answer_to_the_log_in_is_taken_once(browser: Client, passkey: Authenticator) -> None:
    browser.cookies.clear()
    options, ticket = login_form(browser)
    credential = passkey.get(options)
    answers = [send(browser, credential, ticket).status_code for _ in range(2)]
    assert answers == [303, 401]


def test_an_answer_to_another_page_or_a_late_one_is_not_taken(
    browser: Client, passkey: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.cookies.clear()
    options, _ = login_form(browser)
    _, other = login_form(browser)
    assert send(browser, passkey.get(options), other).status_code == 401
    monkeypatch.setattr(passkeys_module, "CHALLENGE_LIFETIME", timedelta(0))
    late = log_in(browser, passkey)
    assert late.status_code == 401
    assert "open for too long" in late.text


def test_the_ticket_of_adding_one_opens_nothing(browser: Client, passkey: Authenticator) -> None:
    shown = browser.post("/account/passkeys", data={"password": PASSWORD}).text
    options, ticket = asked(shown)
    options["rpId"] = options["rp"]["id"]
    browser.cookies.clear()
    assert send(browser, passkey.get(options), ticket).status_code == 401


def test_what_another_site_was_given_opens_nothing(browser: Client, passkey: Authenticator) -> None:
    passkey.origin = "https://mesher.example.evil"
    assert log_in(browser, passkey).status_code == 401


def test_whoever_was_not_verified_is_not_let_in(browser: Client, passkey: Authenticator) -> None:
    passkey.flags = PRESENT
    assert log_in(browser, passkey).status_code == 401


def test_a_passkey_that_was_copied_shows_by_its_count(
    browser: Client, passkey: Authenticator
) -> None:
    counts = []
    for count in (5, 5, 4, 6):
        passkey.sign_count = count
        counts.append(log_in(browser, passkey).status_code)
    assert counts == [303, 401, 401, 303]


def test_a_passkey_belongs_to_one_account(client: Client, browser: Client) -> None:
    passkey = Authenticator(URL)
    add(browser, passkey)
    stranger = client.make_tenant("eve")
    browser.cookies.clear()
    browser.post("/login", data={"email": stranger.email, "password": PASSWORD})
    assert add(browser, passkey).status_code == 409
    log_in(browser, passkey)
    assert stranger.email not in browser.get("/account").text


def test_a_passkey_that_somebody_else_signed_with_is_not_taken(
    browser: Client, passkey: Authenticator
) -> None:
    forged = Authenticator(URL)
    forged.credential_id = passkey.credential_id
    assert log_in(browser, forged).status_code == 401
    assert log_in(browser, Authenticator(URL)).status_code == 401


def test_a_removed_passkey_opens_nothing(browser: Client, passkey: Authenticator) -> None:
    found = re.search(r"/account/passkeys/([0-9a-f-]+)/remove", browser.get("/account").text)
    assert found
    kept = browser.post(found[0], data={"password": "wrong"})
    assert kept.status_code == 403
    assert browser.post(found[0], data={"password": PASSWORD}).status_code == 303
    assert log_in(browser, passkey).status_code == 401


def test_the_operator_removes_passkeys_with_the_second_factor(
    browser: Client, tenant: Tenant, passkey: Authenticator
) -> None:
    async def reset() -> None:
        async with writing(browser.resources.engine) as conn:
            await reset_second_factor(conn, tenant.email, Author(id=None, name="operator"))

    browser.call(reset)
    assert log_in(browser, passkey).status_code == 401


def test_a_person_has_a_bounded_number_of_them(browser: Client, tenant: Tenant) -> None:
    for _ in range(MAX_PASSKEYS):
        browser.call(partial(make_passkey, browser.resources.engine, tenant.user_id))
    answer = browser.post("/account/passkeys", data={"password": PASSWORD})
    assert answer.status_code == 409


def test_the_audit_log_says_who_added_and_removed_one(
    browser: Client, tenant: Tenant, passkey: Authenticator
) -> None:
    found = re.search(r"/account/passkeys/([0-9a-f-]+)/remove", browser.get("/account").text)
    assert found
    browser.post(found[0], data={"password": PASSWORD})

    async def actions() -> list[str]:

        async with writing(browser.resources.engine) as conn:
            rows = await conn.execute(text("SELECT action FROM audit_log ORDER BY at"))
            return [row[0] for row in rows if "passkey" in row[0]]

    assert browser.call(actions) == ["user.passkey_added", "user.passkey_removed"]


@settings(
    max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(where=st.sampled_from(FIELDS), value=JSON_VALUES)
def test_whatever_a_client_sends_is_refused_and_never_an_error(
    browser: Client, passkey: Authenticator, where: str, value: object
) -> None:
    options, ticket = login_form(browser)
    credential = json.loads(passkey.get(options))
    (credential if where in credential else credential["response"])[where] = value
    assert send(browser, json.dumps(credential), ticket).status_code == 401


@settings(
    max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(attestation=st.binary(max_size=200), value=JSON_VALUES)
def test_whatever_a_client_adds_is_refused_and_never_an_error(
    browser: Client, passkey: Authenticator, attestation: bytes, value: object
) -> None:
    shown = browser.post("/account/passkeys", data={"password": PASSWORD}).text
    options, ticket = asked(shown)
    credential = json.loads(passkey.create(options))
    odd = base64.urlsafe_b64encode(attestation).decode()
    for response in (value, {**credential["response"], "attestationObject": odd}):
        form = {"ticket": ticket, "credential": json.dumps({**credential, "response": response})}
        assert browser.post("/account/passkeys/new", data=form).status_code == 400


@pytest.mark.parametrize("credential", ["", "[" * 16_000, "{}"], ids=["empty", "nested", "object"])
def test_what_is_no_credential_is_refused(browser: Client, credential: str) -> None:
    _, ticket = asked(browser.post("/account/passkeys", data={"password": PASSWORD}).text)
    added = browser.post("/account/passkeys/new", data={"ticket": ticket, "credential": credential})
    assert added.status_code == 400
    browser.cookies.clear()
    _, ticket = login_form(browser)
    assert send(browser, credential, ticket).status_code == 401


def test_a_deeply_nested_attestation_is_refused(browser: Client) -> None:
    options, ticket = asked(browser.post("/account/passkeys", data={"password": PASSWORD}).text)
    credential = json.loads(Authenticator(URL).create(options))
    nested = base64.urlsafe_b64encode(b"\x81" * 9_000).decode()
    credential["response"]["attestationObject"] = nested
    form = {"ticket": ticket, "credential": json.dumps(credential)}
    assert browser.post("/account/passkeys/new", data=form).status_code == 400
