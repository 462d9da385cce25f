"""Lists of issues and events by queries, over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mesher.search.keys import KEYS
from serving import Client
from tenants import BEGIN, Tenant

SINCE = (BEGIN - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
UNTIL = (BEGIN + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
WINDOW = f"since={SINCE}&until={UNTIL}"


def _failure(name: str, **more: Any) -> dict[str, Any]:
    return {"exception": {"values": [{"type": name, "value": "x"}]}, **more}


@pytest.fixture
def shop(store: Any) -> list[str]:
    return store(
        _failure(
            "A",
            release="1.0",
            environment="production",
            tags={"till": "7"},
            user={"email": "x@example.com"},
        ),
        _failure("B", release="1.1", environment="staging", tags={"till": "8"}),
        _failure("A", release="1.1", environment="production"),
    )


def _titles(page: Any) -> list[str]:
    return [item["title"] for item in page.json()["items"]]


@pytest.mark.parametrize("owner", ["projects/ada-shop", "organizations/ada"])
def test_issues_are_found_by_what_their_events_have(call: Any, shop: Any, owner: str) -> None:
    path = f"/{owner}/issues?{WINDOW}"
    assert _titles(call("GET", path)) == ["A: x", "B: x"]
    assert _titles(call("GET", f"{path}&query=till:7")) == ["A: x"]
    assert _titles(call("GET", f"{path}&query=release:1.1")) == ["A: x", "B: x"]
    assert _titles(call("GET", f"{path}&query=release:1.1&environment=staging")) == ["B: x"]
    # One event has to fit all of it.
    assert _titles(call("GET", f"{path}&query=release:1.1 till:7")) == []
    assert _titles(call("GET", f"{path}&query=is:resolved OR B")) == ["B: x"]


def test_each_issue_has_its_events_in_the_window(call: Any, shop: Any) -> None:
    page = call("GET", f"/projects/ada-shop/issues?{WINDOW}&buckets=2").json()
    assert [(one["events_in_window"], one["series"]) for one in page["items"]] == [
        (2, [0, 2]),
        (1, [0, 1]),
    ]


@pytest.mark.parametrize("owner", ["projects/ada-shop", "organizations/ada"])
def test_events_are_found_latest_first_and_page_by_page(call: Any, shop: Any, owner: str) -> None:
    path = f"/{owner}/events?{WINDOW}&query=error.type:A&limit=1"
    first = call("GET", path).json()
    rest = call("GET", f"{path}&cursor={first['next_cursor']}").json()
    found = [one["id"].replace("-", "") for one in first["items"] + rest["items"]]
    assert found == [shop[2], shop[0]]
    assert rest["next_cursor"] is None
    assert call("GET", f"/{owner}/events?environment=staging&{WINDOW}").json()["items"]


def test_nothing_of_another_tenant_is_found(client: Client, call: Any, shop: Any) -> None:
    bob: Tenant = client.make_tenant("bob")
    headers = {"authorization": f"Bearer {bob.tokens['read']}"}
    for path in ("issues", "events"):
        answer = client.get(f"/api/v1/organizations/bob/{path}?{WINDOW}", headers=headers)
        assert answer.json()["items"] == []


@pytest.mark.parametrize(
    ("parameters", "field", "said"),
    [
        ("query=(a", "query", "character 3"),
        ("query=bookmarks:me", "query", "there are no bookmarks"),
        ("since=2026-11-26T10:00:00", "since", "no time zone"),
        (f"since={UNTIL}&until={SINCE}", "since", "before until"),
        ("since=2020-01-01T00:00:00Z", "since", "a year at most"),
        ("until=0001-01-01T00:00:00Z", "until", "too far away"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, parameters: str, field: str, said: str) -> None:
    for path in ("issues", "events"):
        answer = call("GET", f"/projects/ada-shop/{path}?{parameters}")
        body = answer.json()
        assert (answer.status_code, body["field"]) == (400, field)
        assert said in f"{body['message']} {body['hint']}"


def test_keys_and_tags_are_completed(call: Any, shop: Any) -> None:
    found = call("GET", "/projects/ada-shop/search/keys").json()["items"]
    assert [one["key"] for one in found][: len(KEYS)] == [key.name for key in KEYS]
    tags = {one["key"]: one["events"] for one in found if one["kind"] == "tag"}
    assert (tags["till"], tags["environment"]) == (2, 3)
    begun = call("GET", "/projects/ada-shop/search/keys?prefix=TI").json()["items"]
    assert [one["key"] for one in begun] == ["times_seen", "title", "timestamp", "till"]


def test_a_tag_that_is_called_like_a_key_is_suggested_as_a_tag(call: Any, store: Any) -> None:
    store(_failure("A", tags={"title": "Dr", "url": "/"}))
    found = call("GET", "/projects/ada-shop/search/keys").json()["items"]
    tags = [one["key"] for one in found if one["kind"] == "tag"]
    assert "tags[title]" in tags
    assert "url" in tags
    assert "level" not in tags


def test_values_are_completed(call: Any, shop: Any) -> None:
    def values(parameters: str) -> list[tuple[str, int | None]]:
        page = call("GET", f"/projects/ada-shop/search/values?{parameters}").json()
        return [(one["value"], one["events"]) for one in page["items"]]

    assert values("key=environment") == [("production", 2), ("staging", 1)]
    assert values("key=tags[till]&prefix=8") == [("8", 1)]
    assert values("key=release&prefix=1.") == [("1.1", 2), ("1.0", 1)]
    assert values("key=is&prefix=un") == [("unresolved", None), ("unassigned", None)]
    assert values("key=title") == []
    assert values("key=error.type") == [("A", 2), ("B", 1)]
    assert values("key=platform") == [("other", 3)]
    assert values("key=user.email&prefix=ex") == [("x@example.com", 1)]
    assert values("key=project") == [("ada-shop", 3)]
    assert values("key=has&prefix=til") == [("till", 2)]
    assert values("key=nothing") == []
    assert values("") == []
