"""The list of issues in a browser, as a person opens it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from acceptance.mesher_process import MesherProcess

ISSUES = "/projects/{project_id}/issues"


def log_in(page: Page, url: str, email: str, password: str, *, to: str = "/projects") -> None:
    """Log in by the form, and go on to a page."""
    page.goto(f"{url}/login?next={to}")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(lambda at: "/login" not in at)


def open_issues(page: Page, mesher: MesherProcess) -> Page:
    """Log in as the owner and open the list."""
    ready = mesher.ready
    log_in(page, ready["url"], ready["email"], ready["password"], to=ISSUES.format(**ready))
    expect(page.get_by_role("heading", name="Issues")).to_be_visible()
    return page


def row(page: Page, title: str) -> Locator:
    """The issue of a list whose title holds a text."""
    return page.locator("tr", has_text=title)
