"""The list of issues: its filters, changing many at once, and undoing that."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from serving import Client
from tenants import PASSWORD, Tenant, add_member

LIST = "/projects/ada-shop/issues"


@pytest.fixture
def two(store: Any) -> None:
    """Two issues of different releases and environments."""
    store(
        {"message": "the lift is stuck", "release": "1.0", "environment": "hall"},
        {"message": "the door is open", "release": "2.0", "environment": "garage"},
        begin=datetime.now(UTC) - timedelta(minutes=1),
    )


def ids(page: str) -> dict[str, str]:
    """Title to id of the issues on a page."""
    found = re.findall(r'href="/issues/([0-9a-f-]{36})"[^>]*>([^<]*)</a>', page)
    return {title: issue_id for issue_id, title in found}


def titles(browser: Client, address: str = LIST) -> set[str]:
    answer = browser.get(address)
    assert answer.status_code == 200, answer.text
    return set(ids(answer.text))


def undo(page: str) -> str:
    return re.findall(r'action="(/issue-actions/[^"]+/undo)"', page)[0]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("environment=hall", {"the lift is stuck"}),
        ("release=2.0", {"the door is open"}),
        ("environment=hall&release=2.0", set()),
        ("query=lift", {"the lift is stuck"}),
        ("status=resolved", set()),
        ("period=90d&sort=events", {"the lift is stuck", "the door is open"}),
    ],
)
@pytest.mark.usefixtures("two")
def test_the_filters_of_the_address_are_those_of_the_list(
    browser: Client, asked: str, found: set[str]
) -> None:
    assert titles(browser, f"{LIST}?{asked}") == found


@pytest.mark.usefixtures("two")
def test_a_status_keeps_the_other_filters_of_the_address(browser: Client) -> None:
    page = browser.get(f"{LIST}?environment=hall&query=a%26b&sort=events").text
    assert 'href="?status=resolved&amp;query=a%26b&amp;environment=hall&amp;sort=events"' in page


@pytest.mark.usefixtures("two")
def test_issues_that_were_ticked_are_resolved_and_the_change_is_undone(browser: Client) -> None:
    found = ids(browser.get(LIST).text)
    form = {"ids": [found["the lift is stuck"]], "decision": "resolve"}
    answer = browser.post(f"{LIST}/change?sort=events", data=form)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{LIST}?sort=events&undo=")
    page = browser.get(answer.headers["location"]).text
    assert set(ids(page)) == {"the door is open"}
    assert "1 issue changed." in page

    answer = browser.post(undo(page), data={"next": LIST})
    assert (answer.status_code, answer.headers["location"]) == (303, LIST)
    assert titles(browser) == {"the lift is stuck", "the door is open"}
    assert "changed." not in browser.get(LIST).text


@pytest.mark.usefixtures("two")
def test_all_that_the_list_finds_can_be_changed(browser: Client) -> None:
    form = {"matching": "yes", "decision": "archive"}
    answer = browser.post(f"{LIST}/change?environment=garage", data=form)
    assert answer.status_code == 303
    assert titles(browser) == {"the lift is stuck"}
    assert titles(browser, f"{LIST}?status=archived") == {"the door is open"}


@pytest.mark.usefixtures("two")
def test_an_issue_is_assigned_from_the_list(browser: Client) -> None:
    found = ids(browser.get(LIST).text)
    form = {"ids": list(found.values()), "decision": "assign", "assigned_to": "me"}
    assert browser.post(f"{LIST}/change", data=form).status_code == 303
    assert len(re.findall(r'data-label="Assigned"[^>]*>ada<', browser.get(LIST).text)) == 2


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"decision": "resolve"}, "No issue was chosen"),
        ({"decision": "resolve", "ids": "no id"}, "No issue was chosen"),
        ({"decision": "explode", "matching": "yes"}, "Nothing was decided"),
        ({"decision": "assign", "matching": "yes", "assigned_to": "x@y"}, "no member"),
    ],
)
@pytest.mark.usefixtures("two")
def test_what_cannot_be_changed_is_told(
    browser: Client, form: dict[str, str], problem: str
) -> None:
    answer = browser.post(f"{LIST}/change", data=form)
    assert answer.status_code == 400
    assert problem in answer.text
    assert titles(browser) == {"the lift is stuck", "the door is open"}


@pytest.mark.usefixtures("two")
def test_issues_of_another_tenant_are_neither_changed_nor_given_back(
    browser: Client,
) -> None:
    form = {"ids": list(ids(browser.get(LIST).text).values()), "decision": "resolve"}
    action = undo(browser.get(browser.post(f"{LIST}/change", data=form).headers["location"]).text)
    ada = browser.cookies
    become(browser, browser.make_tenant("eve"))
    assert browser.get(LIST).status_code == 404
    assert browser.post(f"{LIST}/change", data=form).status_code == 404
    assert browser.post(action, data={}).status_code == 404
    assert browser.get("/organizations/ada/issues").status_code == 404
    reopen = {**form, "decision": "unresolve"}
    for path in ("/projects/eve-shop/issues", "/organizations/eve/issues"):
        assert "undo=" not in browser.post(f"{path}/change", data=reopen).headers["location"]
    browser.cookies = ada
    assert titles(browser, f"{LIST}?status=resolved") == {"the lift is stuck", "the door is open"}


def become(browser: Client, tenant: Tenant) -> None:
    """Log in as somebody else."""
    browser.cookies = httpx.Cookies()
    browser.post("/login", data={"email": tenant.email, "password": PASSWORD})


@pytest.mark.usefixtures("two")
def test_the_issues_of_all_projects_stand_in_one_list(browser: Client) -> None:
    page = browser.get("/organizations/ada/issues").text
    assert set(ids(page)) == {"the lift is stuck", "the door is open"}
    assert "ada&#39;s shop" in page
    form = {"matching": "yes", "decision": "resolve"}
    answer = browser.post("/organizations/ada/issues/change?query=door", data=form)
    assert answer.status_code == 303
    assert titles(browser, "/organizations/ada/issues") == {"the lift is stuck"}


@pytest.mark.usefixtures("two")
def test_a_search_is_kept_for_oneself_or_for_everybody(browser: Client, tenant: Tenant) -> None:
    browser.post(f"{LIST}/saved?query=lift&sort=events", data={"name": "Lifts", "shared": "yes"})
    browser.post(f"{LIST}/saved?environment=hall", data={"name": "Mine alone"})
    page = browser.get(LIST).text
    [address] = re.findall(r'<a href="([^"]+)"[^>]*>Lifts</a>', page)
    assert set(ids(browser.get(address.replace("&amp;", "&")).text)) == {"the lift is stuck"}
    assert "Mine alone" in page
    headers = {"Authorization": f"Bearer {tenant.tokens['read']}"}
    path = f"/api/v1/projects/{tenant.project.id}/saved-searches"
    assert [one["name"] for one in browser.get(path, headers=headers).json()["items"]] == [
        "Lifts",
        "Mine alone",
    ]

    bob = browser.call(partial(add_member, browser.resources.engine, tenant, "bob", "member"))
    become(browser, bob)
    page = browser.get(LIST).text
    assert "Lifts" in page
    assert "Mine alone" not in page
    [removal] = re.findall(r'action="([^"]+/saved/[0-9a-f-]+/remove)"', page)
    assert browser.post(removal).status_code == 404  # shared by somebody else
    become(browser, tenant)
    assert browser.post(removal).status_code == 303
    assert "Lifts" not in browser.get(LIST).text


def test_a_search_over_the_api_has_to_be_one(browser: Client, tenant: Tenant) -> None:
    headers = {"Authorization": f"Bearer {tenant.tokens['write']}"}
    path = f"/api/v1/projects/{tenant.project.id}/saved-searches"
    wrong = {"name": "x", "query": "is:foo"}
    assert browser.post(path, headers=headers, json=wrong).status_code == 400
    kept = browser.post(path, headers=headers, json={"name": "x", "query": "a", "status": "all"})
    assert kept.json()["filters"] == {"query": "a", "status": "all", "sort": "last_seen"}
