"""Figures for dashboards, over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tenants import BEGIN

DAY = "since=2026-11-20T00:00:00Z&until=2026-11-21T00:00:00Z"


def _failure(name: str, level: str = "error") -> dict[str, Any]:
    return {"level": level, "exception": {"values": [{"type": name, "value": "x"}]}}


@pytest.fixture
def shop(store: Any) -> None:
    store(_failure("A"), _failure("A"), _failure("B", "fatal"))  # at 12 o'clock
    store(_failure("A"), begin=BEGIN + timedelta(hours=10, minutes=30))  # 22:30
    store(_failure("A"), begin=BEGIN + timedelta(days=2))


@pytest.mark.parametrize("owner", ["projects/ada-shop", "organizations/ada"])
def test_the_volume_is_told_by_hour_and_level_with_empty_hours(
    call: Any, shop: None, owner: str
) -> None:
    points = call("GET", f"/{owner}/statistics/volume?{DAY}").json()["items"]
    assert len(points) == 24
    assert points[12] == {
        "begin": "2026-11-20T12:00:00Z",
        "events": 3,
        "levels": {"error": 2, "fatal": 1},
    }
    assert points[13] == {"begin": "2026-11-20T13:00:00Z", "events": 0, "levels": {}}
    assert sum(point["events"] for point in points) == 4


def test_days_are_those_of_the_time_zone(call: Any, shop: None) -> None:
    days = call(
        "GET",
        "/projects/ada-shop/statistics/volume?unit=day&time_zone=Europe/Berlin"
        "&since=2026-11-19T23:00:00Z&until=2026-11-22T23:00:00Z",
    ).json()["items"]
    # 22:30 UTC is 23:30 there.
    assert [(day["begin"], day["events"]) for day in days] == [
        ("2026-11-19T23:00:00Z", 4),
        ("2026-11-20T23:00:00Z", 0),
        ("2026-11-21T23:00:00Z", 1),
    ]


def test_an_issue_has_a_timeline(call: Any, shop: None) -> None:
    [top, other] = call("GET", f"/projects/ada-shop/statistics/top-issues?{DAY}").json()["items"]
    assert (top["events"], other["events"]) == (3, 1)
    points = call("GET", f"/issues/{top['issue_id']}/timeline?{DAY}").json()["items"]
    assert {point["begin"]: point["events"] for point in points if point["events"]} == {
        "2026-11-20T12:00:00Z": 2,
        "2026-11-20T22:00:00Z": 1,
    }
    days = call("GET", f"/issues/{top['issue_id']}/timeline?{DAY}&unit=day").json()["items"]
    assert days == [{"begin": "2026-11-20T00:00:00Z", "events": 3}]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ("since=2026-10-01T00:00:00Z&until=2026-11-21T00:00:00Z", "since"),
        ("time_zone=Mars/Base", "time_zone"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, parameters: str, field: str) -> None:
    answer = call("GET", f"/projects/ada-shop/statistics/volume?{parameters}")
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_the_top_issues_are_those_of_the_window_however_large_others_are(
    call: Any, store: Any
) -> None:
    large = [_failure(name) for name in "CDEFGHI" for _ in range(3)]
    store(*large, begin=BEGIN + timedelta(days=2))
    store(_failure("A"), _failure("A"), _failure("B"))
    store(_failure("C"))
    top = call("GET", f"/projects/ada-shop/statistics/top-issues?{DAY}&limit=1").json()["items"]
    assert [one["events"] for one in top] == [2]
    titles = {
        one["id"]: one["title"] for one in call("GET", "/projects/ada-shop/issues").json()["items"]
    }
    assert titles[top[0]["issue_id"]] == "A: x"
    every = call("GET", f"/projects/ada-shop/statistics/top-issues?{DAY}").json()["items"]
    assert [one["events"] for one in every] == [2, 1, 1]
