"""The first pages in a real browser: from the log-in to the stack trace of an event."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from acceptance.mesher_process import Api, MesherProcess

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"


def accessibility_problems(page: Page) -> list[Any]:
    """What axe finds wrong; run past the page's own policy, which forbids foreign scripts."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]


@pytest.fixture
def issue(api: Api, run_program: Callable[[str], object]) -> dict[str, Any]:
    """An issue with an exception, a cause and frames."""
    run_program("chained_exception.py")
    return api.wait_for_issue("CheckoutFailed: cannot check out 3 articles")


@pytest.fixture
def logged_in(mesher: MesherProcess, page: Page) -> Page:
    """A tab in which the owner has logged in through the form."""
    page.goto(mesher.ready["url"])
    page.get_by_label("E-mail").fill(mesher.ready["email"])
    page.get_by_label("Password").fill(mesher.ready["password"])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Log in")
    return page


def test_a_page_without_a_log_in_leads_to_the_form(mesher: MesherProcess, page: Page) -> None:
    page.goto(mesher.ready["url"] + "/projects")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert accessibility_problems(page) == []


def test_a_wrong_password_is_refused_with_a_reason(mesher: MesherProcess, page: Page) -> None:
    page.goto(mesher.ready["url"] + "/login")
    page.get_by_label("E-mail").fill(mesher.ready["email"])
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()


def test_from_the_issue_list_a_person_reaches_the_exception_and_its_frames(
    mesher: MesherProcess, logged_in: Page, issue: dict[str, Any]
) -> None:
    page = logged_in
    page.goto(mesher.ready["url"] + "/projects/{project_id}/issues".format(**mesher.ready))
    assert accessibility_problems(page) == []

    page.get_by_role("link", name=issue["title"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(issue["title"])
    expect(page.get_by_text("in check_out").first).to_be_visible()
    assert accessibility_problems(page) == []

    page.locator("table.events a").first.click()
    expect(page.get_by_role("heading", name="CheckoutFailed", exact=False).last).to_be_visible()
    expect(page.get_by_role("heading", name="KeyError")).to_be_visible()
    expect(page.get_by_text("raise CheckoutFailed(").first).to_be_visible()
    assert accessibility_problems(page) == []


def test_the_pages_load_nothing_from_elsewhere_and_break_no_rule_of_their_own(
    mesher: MesherProcess, logged_in: Page, issue: dict[str, Any]
) -> None:
    page = logged_in
    foreign: list[str] = []
    complaints: list[str] = []
    page.on(
        "request",
        lambda seen: (
            foreign.append(seen.url) if not seen.url.startswith(mesher.ready["url"]) else None
        ),
    )
    page.on("console", lambda seen: complaints.append(seen.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(mesher.ready["url"] + f"/issues/{issue['id']}")
    page.reload()
    assert foreign == []
    assert complaints == []


def test_a_resolved_issue_leaves_the_list_and_returns_when_it_recurs(
    mesher: MesherProcess, logged_in: Page, api: Api
) -> None:
    page = logged_in
    mesher.post_native("events", {"message": "the till is locked"})
    locked = api.wait_for_issue("the till is locked")
    page.goto(mesher.ready["url"] + f"/issues/{locked['id']}")
    page.get_by_role("button", name="Resolve").click()
    page.goto(mesher.ready["url"] + "/projects/{project_id}/issues".format(**mesher.ready))
    expect(page.get_by_role("link", name="the till is locked")).to_have_count(0)

    mesher.post_native("events", {"message": "the till is locked"})
    api.wait_for_status(locked, "unresolved")
    page.reload()
    expect(page.get_by_role("link", name="the till is locked")).to_be_visible()


def test_similar_issues_are_compared_merged_and_unmerged_with_the_buttons_of_their_pages(
    mesher: MesherProcess, logged_in: Page, api: Api
) -> None:
    page = logged_in
    for word in ("north", "south"):
        mesher.post_native("events", {"message": f"the bridge to the {word} is closed"})
    north = api.wait_for_issue("the bridge to the north is closed")
    south = api.wait_for_issue("the bridge to the south is closed")
    page.goto(mesher.ready["url"] + f"/issues/{north['id']}")
    row = page.locator("table.similar tr", has_text=south["title"])
    row.get_by_role("link", name="Compare").click()
    expect(page.get_by_text("They differ from the start")).to_be_visible()
    assert accessibility_problems(page) == []
    page.get_by_role("button", name="Merge the second into the first").click()
    expect(page.get_by_text("Merged from")).to_be_visible()
    page.get_by_text("Split this issue").click()
    assert accessibility_problems(page) == []

    page.goto(mesher.ready["url"] + f"/issues/{south['id']}")
    expect(page.get_by_role("heading", level=1)).to_have_text(north["title"])
    page.get_by_role("button", name="Unmerge").click()
    expect(page.get_by_text("undone by")).to_be_visible()
    page.goto(mesher.ready["url"] + f"/issues/{south['id']}")
    expect(page.get_by_role("heading", level=1)).to_have_text(south["title"])
