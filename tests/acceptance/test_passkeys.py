"""Passkeys in a real browser, with an authenticator that the browser plays itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from acceptance.mesher_process import MesherProcess

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def named_mesher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MesherProcess]:
    """Under a name: browsers make no passkeys for an address of numbers."""
    folder = tmp_path_factory.mktemp("named")
    with MesherProcess(folder, MESHER_URL="http://localhost:{port}") as mesher:
        mesher.start()
        yield mesher


@pytest.fixture
def console(page: Page) -> list[str]:
    """What the browser complains about, a refusal of the policy for contents included."""
    lines: list[str] = []
    page.on("console", lambda one: one.type == "error" and lines.append(one.text))
    page.on("pageerror", lambda error: lines.append(str(error)))
    return lines


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Log out", exact=True).first.click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_person_adds_a_passkey_logs_in_by_it_and_removes_it(
    named_mesher: MesherProcess, page: Page, console: list[str]
) -> None:
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    made: dict[str, Any] = devices.send(
        "WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR}
    )
    password = named_mesher.ready["password"]
    page.goto(named_mesher.ready["url"] + "/login?next=/account")
    page.get_by_label("E-mail").fill(named_mesher.ready["email"])
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()

    passkeys = page.get_by_role("region", name="Passkeys")
    passkeys.get_by_label("Password").fill(password)
    passkeys.get_by_role("button", name="Add a passkey").click()
    passkeys.get_by_label("Name").fill("This computer")
    passkeys.get_by_role("button", name="Make the passkey").click()
    expect(passkeys.get_by_text("never used")).to_be_visible()

    log_out(page)
    page.goto(named_mesher.ready["url"] + "/login?next=/account")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    expect(passkeys.get_by_text("never used")).not_to_be_visible()

    passkeys.get_by_label("Password, to remove This computer").fill(password)
    passkeys.get_by_role("button", name="Remove").click()
    expect(passkeys.get_by_text("This computer")).not_to_be_visible()
    log_out(page)
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("alert").filter(has_text="nobody here has it")).to_be_visible()

    devices.send("WebAuthn.clearCredentials", {"authenticatorId": made["authenticatorId"]})
    devices.send(
        "WebAuthn.setUserVerified",
        {"authenticatorId": made["authenticatorId"], "isUserVerified": False},
    )
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("alert").filter(has_text="gave no passkey")).to_be_visible()
    unexpected = [line for line in console if "401" not in line]
    assert unexpected == []


def test_where_passkeys_cannot_be_the_form_does_not_offer_them(
    mesher: MesherProcess, page: Page
) -> None:
    page.goto(mesher.ready["url"] + "/login")
    expect(page.get_by_role("button", name="Log in", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Log in with a passkey")).to_have_count(0)
