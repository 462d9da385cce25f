"""The list of issues by the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from acceptance.issue_pages import ISSUES, open_issues, row
from acceptance.mesher_process import Api, MesherProcess


@pytest.fixture
def cranes(page: Page, mesher: MesherProcess, api: Api, complaints: list[str]) -> Page:
    """The list with two issues of cranes alone."""
    assert complaints == []
    for number in ("first", "second"):
        mesher.post_native("events", {"message": f"the {number} crane is stuck"})
        api.wait_for_issue(f"the {number} crane is stuck")
    open_issues(page, mesher)
    page.goto(mesher.ready["url"] + ISSUES.format(**mesher.ready) + "?query=crane")
    expect(row(page, "crane")).to_have_count(2)
    return page


def test_issues_are_triaged_without_a_mouse(cranes: Page) -> None:
    page, press = cranes, cranes.keyboard.press
    press("j")
    expect(row(page, "second crane").get_by_role("link")).to_be_focused()
    press("j")
    expect(row(page, "first crane").get_by_role("link")).to_be_focused()
    press("k")
    press("r")  # the one that has the focus is meant where none is ticked
    expect(row(page, "crane")).to_have_count(1)
    page.get_by_role("button", name="Undo").focus()
    press("Enter")
    expect(row(page, "crane")).to_have_count(2)

    press("j")
    press("x")
    press("j")
    press("x")
    press("a")
    page.get_by_label("Assign to").select_option(index=1)
    press("Enter")
    expect(row(page, "crane").locator("[data-label=Assigned]").first).not_to_be_empty()
    expect(row(page, "crane").locator("[data-label=Assigned]").last).not_to_be_empty()

    press("j")
    press("x")
    press("j")
    press("x")
    press("e")
    expect(page.get_by_text("2 issues changed.")).to_be_visible()
    expect(row(page, "crane")).to_have_count(0)
    page.get_by_role("button", name="Undo").focus()
    press("Enter")
    expect(row(page, "crane")).to_have_count(2)
    press("j")
    press("Enter")
    expect(page.get_by_role("heading", level=1, name="the second crane is stuck")).to_be_visible()


def test_the_keys_are_explained(cranes: Page) -> None:
    cranes.keyboard.press("?")
    expect(cranes.get_by_role("dialog", name="Keys")).to_be_visible()
    cranes.keyboard.press("Escape")
    expect(cranes.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_what_is_searched_for_is_completed(cranes: Page, mesher: MesherProcess, api: Api) -> None:
    mesher.post_native(
        "events", {"message": "a crane in the rain", "tags": {"weather": "heavy rain"}}
    )
    api.wait_for_issue("a crane in the rain")
    page = cranes
    page.keyboard.press("/")
    search = page.get_by_role("combobox", name="Search", exact=True)
    expect(search).to_be_focused()
    search.fill("weat")
    expect(page.get_by_role("option", name="weather")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(search).to_have_value("weather:")
    expect(page.get_by_role("option", name="heavy rain")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(search).to_have_value('weather:"heavy rain" ')
    page.keyboard.press("Enter")
    expect(row(page, "a crane in the rain")).to_be_visible()
    expect(row(page, "stuck")).to_have_count(0)


def test_every_page_is_reached_by_a_part_of_its_name(
    page: Page, mesher: MesherProcess, api: Api, complaints: list[str]
) -> None:
    assert complaints == []
    mesher.post_native("events", {"message": "a bridge"})
    api.wait_for_issue("a bridge")
    open_issues(page, mesher)
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Go to")
    expect(field).to_be_focused()
    field.fill("proj alert rul")
    expect(page.get_by_role("option", name="Alert rules")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Alert rules")).to_be_visible()

    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Go to").fill("no such page")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No issues that fit no such page")).to_be_visible()
