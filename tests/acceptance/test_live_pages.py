"""The list of issues in a real browser, kept true while somebody looks at it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from acceptance.issue_pages import ISSUES, open_issues, row
from acceptance.mesher_process import Api, MesherProcess


def watch(page: Page) -> None:
    """Load the page and wait until it has looked at itself, which it does when its stream has begun."""
    with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
        page.reload()


def test_the_first_event_is_shown_the_moment_it_arrives(
    stopped_mesher: MesherProcess, page: Page, complaints: list[str]
) -> None:
    stopped_mesher.start()
    open_issues(page, stopped_mesher)
    watch(page)
    expect(page.get_by_text("Waiting for the first event")).to_be_visible()
    stopped_mesher.post_native("events", {"message": "the first of all"})
    expect(page.get_by_role("link", name="the first of all")).to_be_visible()
    assert complaints == []


def test_an_example_event_is_shown_as_it_was_sent(
    stopped_mesher: MesherProcess, page: Page, complaints: list[str]
) -> None:
    stopped_mesher.start()
    open_issues(page, stopped_mesher)
    page.get_by_role("link", name="Rails").click()
    expect(page.get_by_role("heading", name="Rails")).to_be_visible()
    page.get_by_role("button", name="Send an example event").click()
    page.get_by_role("link", name="ActiveRecord::RecordNotFound").click()
    expect(page.get_by_text("@order = Order.find(params[:id])")).to_be_visible()
    assert complaints == []


def test_a_further_event_counts_on_the_open_list(
    issues: Page, mesher: MesherProcess, api: Api
) -> None:
    mesher.post_native("events", {"message": "the lift is stuck"})
    api.wait_for_issue("the lift is stuck")
    watch(issues)
    title = issues.get_by_role("link", name="the lift is stuck")
    title.focus()
    mesher.post_native("events", {"message": "the lift is stuck"})
    expect(row(issues, "the lift is stuck").locator("[data-label=Events]")).to_have_text("2")
    expect(title).to_be_focused()


def test_newer_issues_are_counted_and_shown_when_asked_for(
    issues: Page, mesher: MesherProcess, api: Api
) -> None:
    mesher.post_native("events", {"message": "an old one"})
    api.wait_for_issue("an old one")
    watch(issues)
    for word in ("red", "green"):
        mesher.post_native("events", {"message": f"the {word} light is broken"})
    newer = issues.get_by_role("link", name="2 newer issues")
    expect(newer).to_be_visible()
    expect(row(issues, "light is broken")).to_have_count(0)
    newer.click()
    expect(row(issues, "light is broken")).to_have_count(2)


def test_a_resolved_issue_that_recurs_shows_as_regressed(
    issues: Page, mesher: MesherProcess, api: Api
) -> None:
    mesher.post_native("events", {"message": "the door jams"})
    found = api.wait_for_issue("the door jams")
    issues.goto(mesher.ready["url"] + f"/issues/{found['id']}")
    issues.get_by_role("button", name="Resolve").click()
    issues.goto(mesher.ready["url"] + ISSUES.format(**mesher.ready) + "?status=all")
    watch(issues)
    expect(row(issues, "the door jams").get_by_text("regressed")).to_have_count(0)
    mesher.post_native("events", {"message": "the door jams"})
    expect(row(issues, "the door jams").get_by_text("regressed")).to_be_visible()


def test_events_arrive_on_the_live_page_and_wait_while_it_is_paused(
    issues: Page, mesher: MesherProcess
) -> None:
    page = issues
    page.get_by_role("link", name="Live").click()
    expect(page.get_by_text("events a second")).to_be_visible()
    mesher.post_native("events", {"message": "<b>bold</b> & hostile", "level": "fatal"})
    first = page.locator(".live-events li").first
    expect(first).to_contain_text("<b>bold</b> & hostile")
    expect(first).to_contain_text("fatal")
    page.get_by_role("button", name="Pause").click()
    mesher.post_native("events", {"message": "while it is paused"})
    expect(page.get_by_text("paused, 1 since")).to_be_visible()
    expect(page.get_by_text("while it is paused")).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("while it is paused")).to_be_visible()
    page.get_by_role("link", name="while it is paused").click()
    expect(page.get_by_role("heading", level=1, name="while it is paused")).to_be_visible()
