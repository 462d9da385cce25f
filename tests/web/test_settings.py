"""The settings of projects and organisations, as people change them on the pages."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import httpx
import pytest

from serving import Client
from tenants import PASSWORD, Tenant, add_member

PROJECT = "/projects/ada-shop/settings"
ORGANIZATION = "/organizations/ada/settings"
LIMITS = {
    "window_seconds": "60",
    "project_events_per_window": "100",
    "key_events_per_window": "50",
    "filter_localhost": "on",
    "filter_releases": "old@*\r\n\r\nolder@*",
}


def log_in(browser: Client, tenant: Tenant) -> None:
    browser.cookies = httpx.Cookies()
    browser.post("/login", data={"email": tenant.email, "password": PASSWORD})


@pytest.fixture
def member(browser: Client, tenant: Tenant) -> Tenant:
    """Somebody of the organisation who is no admin."""
    return browser.call(  # type: ignore[no-any-return]
        partial(add_member, browser.resources.engine, tenant, "bob", "member")
    )


def seen(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_project_gets_another_name_and_keeps_its_address_by_id(
    browser: Client, tenant: Tenant
) -> None:
    form = {"name": "The shop", "slug": "the-shop", "platform": "python"}
    answer = browser.post(PROJECT, data=form)
    assert answer.status_code == 303
    page = seen(browser, answer.headers["location"])
    assert "Saved." in page
    assert 'value="The shop"' in page
    assert browser.get("/projects/the-shop/settings").status_code == 200
    assert browser.get(PROJECT).status_code == 404


def test_keys_are_made_rotated_and_revoked(browser: Client, tenant: Tenant) -> None:
    browser.post(f"{PROJECT}/keys", data={"label": "web"})
    page = seen(browser, PROJECT)
    assert tenant.public_key in page
    first, second = re.findall(r"/keys/([0-9a-f-]+)/revoke", page)
    browser.post(f"{PROJECT}/keys/{second}/rotate", data={"revoke_after_hours": "168"})
    page = seen(browser, PROJECT)
    assert len(re.findall(r"/keys/[0-9a-f-]+/revoke", page)) == 3
    assert "until" in page
    browser.post(f"{PROJECT}/keys/{first}/revoke")
    page = seen(browser, PROJECT)
    assert "; revoked <time" in page
    assert tenant.public_key not in page
    answer = browser.post(f"{PROJECT}/keys/{first}/revoke")
    assert answer.status_code == 409
    assert "The key is revoked already" in answer.text


def test_limits_filters_and_retention_are_kept_and_shown(browser: Client) -> None:
    assert browser.post(f"{PROJECT}/limits", data=LIMITS).status_code == 303
    form = {"retention_days": "7", "sample_percent": "12.5"}
    assert browser.post(f"{PROJECT}/retention", data=form).status_code == 303
    page = seen(browser, PROJECT)
    assert 'name="project_events_per_window" min="0" value="100"' in page
    assert re.search(r'name="filter_localhost" checked', page)
    assert "old@*\nolder@*</textarea>" in page
    assert 'name="retention_days" min="1" max="3650" value="7"' in page
    assert 'value="12.5"' in page


def test_scrubbing_and_grouping_are_kept(browser: Client) -> None:
    form = {"scrub": "on", "scrub_keys": "colour", "safe_keys": "", "ip_addresses": "remove"}
    assert browser.post(f"{PROJECT}/scrubbing", data=form).status_code == 303
    rules = {"rules": "error.type:Locked -> locked"}
    assert browser.post(f"{PROJECT}/grouping", data=rules).status_code == 303
    page = seen(browser, PROJECT)
    assert "colour</textarea>" in page
    assert '<option value="remove" selected>' in page
    assert "error.type:Locked -&gt; locked</textarea>" in page


@pytest.mark.parametrize(
    ("path", "form", "problem"),
    [
        ("", {"name": " "}, "The name is empty"),
        ("/keys", {"label": ""}, "The label is empty"),
        ("/retention", {"retention_days": "x", "sample_percent": "1"}, "is no number"),
        ("/retention", {"retention_days": "0", "sample_percent": "1"}, "from 1 to 3650"),
        ("/limits", {**LIMITS, "filter_addresses": "nowhere"}, "nowhere"),
        ("/limits", {**LIMITS, "window_seconds": "9999"}, "window_seconds"),
        ("/scrubbing", {"ip_addresses": "sell"}, "sell"),
        ("/grouping", {"rules": "nonsense"}, "Line 1"),
        ("/delete", {"name": "another"}, "Nothing was deleted"),
    ],
)
def test_what_does_not_fit_is_told_beside_the_form(
    browser: Client, path: str, form: dict[str, str], problem: str
) -> None:
    answer = browser.post(PROJECT + path, data=form)
    assert answer.status_code == 400
    told = re.findall(r'<p class="problem" role="alert">([^<]*)', answer.text)
    assert len(told) == 1
    assert problem in told[0]


def test_a_project_is_deleted_when_its_name_was_typed(browser: Client) -> None:
    answer = browser.post(f"{PROJECT}/delete", data={"name": "ada's shop"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/projects")
    assert browser.get(PROJECT).status_code == 404


def test_a_member_sees_the_settings_and_changes_none(
    browser: Client, tenant: Tenant, member: Tenant
) -> None:
    log_in(browser, member)
    page = seen(browser, PROJECT)
    assert "Admins of ada can change these" in page
    assert tenant.public_key in page
    assert "<button" not in page.split("<main")[1]
    answer = browser.post(f"{PROJECT}/limits", data=LIMITS)
    assert answer.status_code == 403


def test_members_are_given_roles_and_removed(
    browser: Client, tenant: Tenant, member: Tenant
) -> None:
    path = f"{ORGANIZATION}/members/{member.user_id}"
    assert browser.post(path, data={"role": "admin"}).status_code == 303
    assert re.search(r"bob</strong> <span class=\"tag\">admin", seen(browser, ORGANIZATION))
    assert browser.post(f"{path}/remove").status_code == 303
    assert "bob@example.com" not in seen(browser, ORGANIZATION)
    answer = browser.post(f"{ORGANIZATION}/members/{tenant.user_id}/remove")
    assert answer.status_code == 409  # the last owner stays
    assert "owner" in answer.text


def test_an_invitation_is_shown_once_and_opens_the_organisation(browser: Client) -> None:
    answer = browser.post(f"{ORGANIZATION}/invitations", data={"role": "member", "email": ""})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    [link] = re.findall(r"https://mesher\.example(/invitations/[^<]+)</code>", answer.text)
    assert browser.get(link).status_code == 200
    page = seen(browser, ORGANIZATION)
    assert link not in page
    [revoke] = re.findall(r'action="[^"]*(/invitations/[0-9a-f-]+/revoke)"', page)
    assert browser.post(ORGANIZATION + revoke).status_code == 303
    assert browser.get(link).status_code == 404


def test_a_token_is_shown_once_and_opens_the_api_until_it_is_revoked(browser: Client) -> None:
    form = {"name": "build server", "scope": "read", "project": ""}
    answer = browser.post(f"{ORGANIZATION}/tokens", data=form)
    [token] = re.findall(r"not again:</p>\s*<pre class=\"copy\"><code>([^<]+)</code>", answer.text)
    headers = {"Authorization": f"Bearer {token}"}
    cookies, browser.cookies = browser.cookies, httpx.Cookies()
    assert browser.get("/api/v1/me", headers=headers).status_code == 200
    browser.cookies = cookies
    page = seen(browser, ORGANIZATION)
    assert token not in page
    [revoke] = re.findall(
        r"build server.*?action=\"[^\"]*(/tokens/[0-9a-f-]+/revoke)", page, re.DOTALL
    )
    assert browser.post(ORGANIZATION + revoke).status_code == 303
    browser.cookies = httpx.Cookies()
    assert browser.get("/api/v1/me", headers=headers).status_code == 401


def test_a_member_makes_tokens_of_their_own_and_sees_no_others(
    browser: Client, tenant: Tenant, member: Tenant
) -> None:
    browser.post(f"{ORGANIZATION}/tokens", data={"name": "adas", "scope": "read"})
    log_in(browser, member)
    answer = browser.post(f"{ORGANIZATION}/tokens", data={"name": "bobs", "scope": "ci"})
    assert "bobs" in answer.text
    assert "adas" not in answer.text
    assert browser.get(f"{ORGANIZATION}/changes").status_code == 403
    assert browser.post(f"{ORGANIZATION}/invitations", data={"role": "member"}).status_code == 403


def test_who_changed_what_is_listed(browser: Client) -> None:
    browser.post(f"{PROJECT}/keys", data={"label": "web"})
    page = seen(browser, f"{ORGANIZATION}/changes")
    assert "key: created" in page
    assert "web" in page


def test_an_organisation_and_a_project_are_made(browser: Client) -> None:
    answer = browser.post("/organizations/new", data={"name": "The Lab"})
    assert answer.headers["location"] == "/organizations/the-lab/projects/new"
    seen(browser, answer.headers["location"])
    form = {"name": "Oven", "platform": "django"}
    answer = browser.post("/organizations/the-lab/projects/new", data=form)
    page = seen(browser, answer.headers["location"])
    assert "<h2>Django</h2>" in page
    assert "The Lab" in seen(browser, "/projects")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/organizations/new", {"name": " "}),
        ("/organizations/ada/projects/new", {"name": ""}),
        ("/organizations/ada/projects/new", {"name": "x", "platform": "cobol"}),
    ],
)
def test_what_cannot_be_made_is_told_on_the_form(
    browser: Client, path: str, form: dict[str, str]
) -> None:
    answer = browser.post(path, data=form)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_an_organisation_is_deleted_when_its_name_was_typed(browser: Client) -> None:
    answer = browser.post(f"{ORGANIZATION}/delete", data={"name": "eve"})
    assert answer.status_code == 400
    answer = browser.post(f"{ORGANIZATION}/delete", data={"name": "ada"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/projects")
    assert browser.get(ORGANIZATION).status_code == 404


def test_settings_of_another_tenant_are_not_there(browser: Client) -> None:
    browser.make_tenant("eve")
    for path in ("/projects/eve-shop/settings", "/organizations/eve/settings"):
        assert browser.get(path).status_code == 404
        assert browser.post(path, data={"name": "mine"}).status_code == 404
    assert browser.post("/organizations/eve/settings/tokens", data={"name": "x"}).status_code == 404


def test_hostile_names_are_never_markup(browser: Client, store: Any) -> None:
    hostile = '"><script>alert(1)</script>'
    browser.post(PROJECT, data={"name": hostile, "slug": "", "platform": hostile})
    browser.post(f"{PROJECT}/keys", data={"label": hostile})
    browser.post(ORGANIZATION, data={"name": hostile, "slug": "ada"})
    for path in (PROJECT, ORGANIZATION, f"{ORGANIZATION}/changes", "/projects"):
        assert "<script>" not in seen(browser, path)
