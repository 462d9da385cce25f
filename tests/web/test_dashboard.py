"""Dashboards and releases, as pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from serving import Client

DASHBOARD = "/projects/ada-shop/dashboard"
DAY = timedelta(days=1)


def event(message: str, **more: Any) -> dict[str, Any]:
    return {"message": message, "level": "error", "release": "shop@1", **more}


@pytest.fixture
def busy(store: Any) -> None:
    """Three events of two issues and releases, the last an hour ago."""
    now = datetime.now(UTC)
    store(event("a"), event("a", level="fatal"), begin=now - 3 * DAY)
    store(event("b", release="shop@2", tags={"browser": "Firefox"}), begin=now - DAY / 24)


def seen(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def tiles(page: str) -> dict[str, str]:
    return dict(re.findall(r'<div class="card"><dt>([^<]*)</dt><dd>([^<]*)</dd>', page))


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("path", [DASHBOARD, "/organizations/ada/dashboard"])
def test_the_figures_are_those_of_the_chosen_time(browser: Client, path: str) -> None:
    expected = {"Events": "3", "New issues": "2", "Came back": "0", "Resolved": "0"}
    assert tiles(seen(browser, path)) == expected
    assert tiles(seen(browser, f"{path}?range=24h")) == {
        **expected,
        "Events": "1",
        "New issues": "1",
    }


@pytest.mark.usefixtures("busy")
def test_a_chart_has_a_bar_for_each_hour_or_day_with_its_levels(browser: Client) -> None:
    page = seen(browser, f"{DASHBOARD}?range=7d")
    assert len(re.findall(r'<rect class="room"', page)) in {7, 8}
    assert "2 events, 1 fatal, 1 error</title>" in page
    assert 'class="fatal"' in page
    page = seen(browser, f"{DASHBOARD}?range=24h")
    assert len(re.findall(r'<rect class="room"', page)) in {24, 25}


@pytest.mark.usefixtures("busy")
def test_a_part_of_the_time_is_in_the_address(browser: Client) -> None:
    now = datetime.now(UTC)
    since, until = now - 4 * DAY, now - 2 * DAY
    query = f"since={since:%Y-%m-%dT%H:%M:%SZ}&until={until:%Y-%m-%dT%H:%M:%SZ}"
    assert tiles(seen(browser, f"{DASHBOARD}?{query}"))["Events"] == "2"
    page = seen(
        browser, f"{DASHBOARD}?since={until:%Y-%m-%dT%H:%M:%SZ}&until={since:%Y-%m-%dT%H:%M:%SZ}"
    )
    assert "Since has to be before until" in page


@pytest.mark.usefixtures("busy")
def test_the_dashboard_leads_to_issues_releases_and_tags(browser: Client) -> None:
    page = seen(browser, DASHBOARD)
    assert re.search(r'<a href="/issues/[0-9a-f-]+">a</a>.*<strong>2</strong>', page)
    assert 'href="/projects/ada-shop/releases/shop%402"' in page
    tags = seen(browser, "/projects/ada-shop/tags")
    assert "Firefox" in tags


def test_an_empty_project_has_an_empty_dashboard(browser: Client) -> None:
    assert "Nothing came in this time." in seen(browser, DASHBOARD)
    assert "No release yet." in seen(browser, "/projects/ada-shop/releases")


@pytest.mark.usefixtures("busy")
def test_releases_are_listed_with_what_they_did_to_issues(browser: Client) -> None:
    page = seen(browser, "/projects/ada-shop/releases")
    assert re.findall(r'/releases/[^"]+">([^<]+)</a>', page) == ["shop@2", "shop@1"]


@pytest.mark.usefixtures("busy")
def test_two_releases_are_compared_by_their_issues(browser: Client) -> None:
    page = seen(browser, "/projects/ada-shop/releases/shop%401?against=shop%402")
    assert "Only in shop@1: 1" in page
    assert "Only in shop@2: 1" in page
    assert browser.get("/projects/ada-shop/releases/shop%409").status_code == 404


def test_figures_of_another_tenant_are_not_there(browser: Client) -> None:
    browser.make_tenant("eve")
    for path in ("dashboard", "tags", "releases", "releases/shop%401"):
        assert browser.get(f"/projects/eve-shop/{path}").status_code == 404
    assert browser.get("/organizations/eve/dashboard").status_code == 404
