"""Logging in with a second factor, and the page of the account."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pyotp
import pytest

from mesher.accounts import login as login_module
from mesher.accounts.account import reset_second_factor
from mesher.accounts.passwords import FAILURES_PER_ACCOUNT
from mesher.storage.audit_log import Author
from mesher.storage.database import writing
from serving import Client
from tenants import PASSWORD, Tenant

CONFIRM = "/account/second-factor/confirm"


class Phone:
    """Has the secret, and never shows a code twice."""

    def __init__(self, secret: str) -> None:
        self._totp = pyotp.TOTP(secret)
        self._steps = iter((-1, 0, 1))

    def code(self) -> str:
        return str(self._totp.at(time.time(), counter_offset=next(self._steps)))


@pytest.fixture
def phone(browser: Client) -> Phone:
    """Of the person in the browser, who has turned the second factor on."""
    shown = browser.post("/account/second-factor", data={"password": PASSWORD}).text
    secret = found(r"<code>([A-Z2-7]{32})</code>", shown)
    assert 'src="data:image/svg+xml' in shown
    phone = Phone(secret)
    browser.post(CONFIRM, data={"code": phone.code()})
    return phone


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    assert match, page
    return match[1]


def first_step(client: Client, tenant: Tenant) -> Any:
    client.cookies.clear()
    form = {"email": tenant.email, "password": PASSWORD, "next": "/projects"}
    return client.post("/login", data=form)


def second_step(client: Client, code: str) -> Any:
    return client.post("/login/code", data={"code": code, "next": "/projects"})


def test_the_password_alone_opens_nothing(browser: Client, tenant: Tenant, phone: Phone) -> None:
    half = first_step(browser, tenant)
    assert (half.status_code, half.headers["location"]) == (303, "/login/code?next=/projects")
    assert "mesher_session" not in browser.cookies
    assert browser.get("/projects").status_code == 303
    assert browser.get("/login/code").status_code == 200
    whole = second_step(browser, phone.code())
    assert (whole.status_code, whole.headers["location"]) == (303, "/projects")
    assert browser.get("/projects").status_code == 200


def test_a_code_opens_once(browser: Client, tenant: Tenant, phone: Phone) -> None:
    first_step(browser, tenant)
    code = phone.code()
    assert second_step(browser, code).status_code == 303
    first_step(browser, tenant)
    again = second_step(browser, code)
    assert again.status_code == 401
    assert "The code is wrong or was used." in again.text


def test_a_recovery_code_opens_once_in_any_writing(browser: Client, tenant: Tenant) -> None:
    shown = browser.post("/account/second-factor", data={"password": PASSWORD}).text
    phone = Phone(found(r"<code>([A-Z2-7]{32})</code>", shown))
    codes = browser.post(CONFIRM, data={"code": phone.code()}).text
    code = found(r"<li><code>([0-9a-f]{5}-[0-9a-f]{5})</code>", codes)
    first_step(browser, tenant)
    assert second_step(browser, code.replace("-", " ").upper()).status_code == 303
    assert "9 recovery codes are left" in browser.get("/account").text
    first_step(browser, tenant)
    assert second_step(browser, code).status_code == 401


def test_guessing_codes_is_stopped(browser: Client, tenant: Tenant, phone: Phone) -> None:
    first_step(browser, tenant)
    answers = [second_step(browser, "000000").status_code for _ in range(FAILURES_PER_ACCOUNT + 1)]
    assert answers[-2:] == [401, 429]
    assert second_step(browser, phone.code()).status_code == 429


def test_a_ticket_ends_with_its_time_and_with_the_password(
    browser: Client, tenant: Tenant, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_module, "TICKET_LIFETIME", timedelta(0))
    first_step(browser, tenant)
    late = second_step(browser, phone.code())
    assert (late.status_code, "began again" in late.text or "Begin again" in late.text) == (
        401,
        True,
    )
    monkeypatch.undo()

    first_step(browser, tenant)
    ticket = browser.cookies["mesher_login"]
    second_step(browser, phone.code())
    new = "another password that is long"
    changed = browser.post("/account/password", data={"current": PASSWORD, "new": new})
    assert changed.status_code == 303
    browser.cookies.clear()
    browser.cookies.set("mesher_login", ticket, domain="mesher.example", path="/login")
    assert "The log-in took too long" in second_step(browser, "000000").text


@pytest.mark.parametrize("ticket", ["", "x", "AAAA", "ü"])
def test_what_is_no_ticket_leads_back_to_the_password(client: Client, ticket: str) -> None:
    answer = client.post("/login/code", data={"code": "1"}, headers={"cookie": "mesher_login="})
    assert answer.status_code == 401
    with pytest.raises(login_module.TicketExpired):
        login_module._open(client.resources.secret_box, ticket, datetime.now(UTC))


def test_without_a_first_step_there_is_no_second(client: Client) -> None:
    answer = client.get("/login/code", params={"next": "/projects"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/projects")


def test_the_second_step_leads_nowhere_else(browser: Client, tenant: Tenant, phone: Phone) -> None:
    first_step(browser, tenant)
    form = {"code": phone.code(), "next": "//evil.example/"}
    assert browser.post("/login/code", data=form).headers["location"] == "/"


def test_a_wrong_first_code_shows_the_same_secret_again(browser: Client) -> None:
    shown = browser.post("/account/second-factor", data={"password": PASSWORD}).text
    secret = found(r"<code>([A-Z2-7]{32})</code>", shown)
    uri = found(r'name="uri" value="([^"]*)"', shown).replace("&amp;", "&")
    again = browser.post(CONFIRM, data={"code": "000000", "secret": secret, "uri": uri})
    assert again.status_code == 401
    assert secret in again.text
    right = browser.post(CONFIRM, data={"code": Phone(secret).code()})
    assert "Keep these recovery codes" in right.text


def test_the_operator_lets_somebody_in_who_lost_everything(
    browser: Client, tenant: Tenant, phone: Phone
) -> None:
    async def reset() -> None:
        async with writing(browser.resources.engine) as conn:
            await reset_second_factor(conn, tenant.email, Author(id=None, name="operator"))

    browser.call(reset)
    assert browser.get("/projects").status_code == 303
    assert first_step(browser, tenant).headers["location"] == "/projects"


@pytest.mark.parametrize(
    "form",
    [
        "/account/second-factor",
        "/account/second-factor/recovery-codes",
        "/account/second-factor/remove",
        "/account/delete",
    ],
)
def test_a_session_alone_changes_nothing(browser: Client, form: str) -> None:
    answer = browser.post(form, data={"password": "wrong"})
    assert answer.status_code == 403
    assert "The password is another." in answer.text


def test_a_session_is_ended_from_the_page(browser: Client, tenant: Tenant) -> None:
    other = Client(browser.portal, browser.resources)
    other.post("/login", data={"email": tenant.email, "password": PASSWORD})
    page = browser.get("/account").text
    browser.post(found(r'action="(/account/sessions/[0-9a-f]{16}/end)"', page))
    assert other.get("/projects").status_code == 303
    assert browser.get("/projects").status_code == 200


def test_another_password_ends_all_sessions(browser: Client, tenant: Tenant) -> None:
    change = partial(browser.post, "/account/password")
    assert change(data={"current": "wrong", "new": "x" * 12}).status_code == 403
    assert change(data={"current": PASSWORD, "new": "short"}).status_code == 400
    assert change(data={"current": PASSWORD, "new": "x" * 12}).headers["location"] == "/login"
    assert browser.get("/account").status_code == 303
    form = {"email": tenant.email, "password": "x" * 12}
    assert browser.post("/login", data=form).status_code == 303


def test_an_account_is_deleted_from_the_page(browser: Client) -> None:
    """The only owner of an organisation cannot."""
    answer = browser.post("/account/delete", data={"password": PASSWORD})
    assert answer.status_code == 409
    assert "You are the only owner of the organization" in answer.text
