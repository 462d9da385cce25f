"""The page of the health of this Mesher, and where one can go."""

from __future__ import annotations

from typing import Any

import httpx

from serving import Client
from tenants import PASSWORD


def test_the_owner_of_the_first_organisation_sees_how_this_mesher_is(
    browser: Client, store: Any
) -> None:
    store({"message": "a"})
    answer = browser.get("/operating")
    assert answer.status_code == 200
    assert "Waiting in the journal" in answer.text
    assert "Shard 000" in answer.text
    assert "2026-11-20" in answer.text
    assert 'href="/operating"' in browser.get("/go").text


def test_nobody_else_does(browser: Client) -> None:
    eve = browser.make_tenant("eve")
    browser.cookies = httpx.Cookies()
    browser.post("/login", data={"email": eve.email, "password": PASSWORD})
    assert browser.get("/operating").status_code == 403
    page = browser.get("/go").text
    assert "/operating" not in page
    assert "/projects/eve-shop/alerts/rules" in page
    assert "ada" not in page
