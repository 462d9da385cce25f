"""The list of issues in a browser, as a person opens it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from acceptance.mesher_process import MesherProcess

ISSUES = "/projects/{project_id}/issues"


def open_issues(page: Page, mesher: MesherProcess) -> Page:
    """Log in as the owner and open the list."""
    page.goto(mesher.ready["url"] + "/login?next=" + ISSUES.format(**mesher.ready))
    page.get_by_label("E-mail").fill(mesher.ready["email"])
    page.get_by_label("Password").fill(mesher.ready["password"])
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="Issues")).to_be_visible()
    return page


def row(page: Page, title: str) -> Locator:
    """The issue of a list whose title holds a text."""
    return page.locator("tr", has_text=title)
