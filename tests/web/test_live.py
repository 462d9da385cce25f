"""The page of events as they arrive, as it is before its script adds to it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from serving import Client

EVENTS = [
    {"message": "the lift is stuck", "level": "error", "environment": "hall"},
    {"message": "the door is open", "level": "info", "environment": "garage"},
]


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("", ["the door is open", "the lift is stuck"]),
        ("?level=error", ["the lift is stuck"]),
        ("?environment=garage", ["the door is open"]),
        ("?query=door&level=error", []),
        ("?query=door", ["the door is open"]),
    ],
)
@pytest.mark.parametrize("path", ["/projects/ada-shop/live", "/organizations/ada/live"])
def test_the_latest_events_that_fit_are_shown(
    browser: Client, store: Any, path: str, asked: str, seen: list[str]
) -> None:
    store(*EVENTS, begin=datetime.now(UTC) - timedelta(minutes=1))
    page = browser.get(path + asked).text
    assert re.findall(r"<li>.*?<a [^>]*>([^<]*)</a>", page) == seen


def test_the_stream_is_asked_for_what_the_page_shows(browser: Client) -> None:
    page = browser.get("/projects/ada-shop/live?query=a+OR+b&level=error&environment=x%26y").text
    assert "/live?query=%28a%20OR%20b%29%20level%3Aerror&amp;environment=x%26y" in page


def test_a_query_that_cannot_be_read_is_told(browser: Client) -> None:
    assert "is not known here" in browser.get("/projects/ada-shop/live?query=is%3Afoo").text


def test_events_of_another_tenant_are_not_there(browser: Client) -> None:
    browser.make_tenant("eve")
    assert browser.get("/projects/eve-shop/live").status_code == 404
    assert browser.get("/organizations/eve/live").status_code == 404
