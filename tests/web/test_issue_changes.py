"""What people see and do of merging, splitting and comparing issues."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mesher.storage.connection import connect
from serving import Client
from tenants import Tenant

HOSTILE = '"><script>alert(1)</script>'


def _failure(name: str, *functions: str, **more: Any) -> dict[str, Any]:
    frames = [
        {"module": "till", "function": function, "filename": "till.py", "in_app": True}
        for function in functions
    ]
    exception = {"type": name, "value": "is locked", "stacktrace": {"frames": frames}}
    return {"platform": "python", "exception": {"values": [exception]}, **more}


@pytest.fixture
def paths(browser: Client) -> Any:
    """The issues of the list: the path of each by its title."""

    def find() -> dict[str, str]:
        page = browser.get("/projects/ada-shop/issues").text
        return {
            title: path
            for path, title in re.findall(r'<a href="(/issues/[^"]+)"[^>]*>([^<]+)</a>', page)
        }

    return find


@pytest.fixture
def pair(store: Any, paths: Any) -> tuple[str, str]:
    """The paths of two similar issues."""
    store(_failure("Locked", "serve", "pay"), _failure("Jammed", "serve", "pay"))
    found = paths()
    return found["Locked: is locked"], found["Jammed: is locked"]


def _id(path: str) -> str:
    return path.rpartition("/")[2]


def _undo_path(page: str) -> str:
    return re.findall(r'action="(/issues/[^"]+/undo)"', page)[0]


def test_an_issue_shows_what_is_similar_with_a_link_to_compare(
    browser: Client, pair: tuple[str, str]
) -> None:
    assert f'href="{pair[0]}/similar"' in browser.get(pair[0]).text
    page = browser.get(f"{pair[0]}/similar").text
    assert f'<a href="{pair[1]}">Jammed: is locked</a>' in page
    assert "2 of 2 calls in common" in page
    assert f'href="{pair[0]}/compare/{_id(pair[1])}"' in page


def test_a_similar_issue_is_merged_and_unmerged_with_buttons(
    browser: Client, paths: Any, pair: tuple[str, str]
) -> None:
    merged = browser.post(f"{pair[0]}/merge", data={"issues": _id(pair[1])})
    assert (merged.status_code, merged.headers["location"]) == (303, pair[0])
    assert list(paths().values()) == [pair[0]]
    page = browser.get(pair[0]).text
    assert "Merged from" in page
    assert "1 event moved" in page
    assert "which is known by 1 more fingerprint" in page
    undone = browser.post(_undo_path(page))
    assert (undone.status_code, undone.headers["location"]) == (303, pair[0])
    assert sorted(paths().values()) == sorted(pair)
    assert "undone by ada" in browser.get(pair[0]).text


def test_a_link_to_a_merged_issue_leads_to_where_it_is_now(
    browser: Client, store: Any, paths: Any, pair: tuple[str, str]
) -> None:
    store({"message": "something else"})
    last = paths()["something else"]
    browser.post(f"{pair[0]}/merge", data={"issues": _id(pair[1])})
    browser.post(f"{last}/merge", data={"issues": _id(pair[0])})
    for path in pair:
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, last)


def test_a_link_to_an_event_of_a_merged_issue_leads_to_it(
    browser: Client, pair: tuple[str, str]
) -> None:
    event_path = re.findall(
        r'href="(/issues/[^/]+/events/[0-9a-f-]{36})"', browser.get(pair[1]).text
    )[0]
    browser.post(f"{pair[0]}/merge", data={"issues": _id(pair[1])})
    answer = browser.get(event_path)
    assert answer.status_code == 303
    assert browser.get(answer.headers["location"]).status_code == 200


def test_an_issue_that_is_not_alike_is_merged_by_its_address(
    browser: Client, store: Any, paths: Any, pair: tuple[str, str]
) -> None:
    store({"message": "something else"})
    address = f"https://mesher.example{paths()['something else']}"
    browser.post(f"{pair[0]}/merge", data={"issues": address})
    assert sorted(paths().values()) == sorted(pair)


def test_several_issues_are_merged_at_once(
    browser: Client, store: Any, paths: Any, pair: tuple[str, str]
) -> None:
    store(_failure("Broken", "serve", "pay"))
    third = paths()["Broken: is locked"]
    browser.post(f"{pair[0]}/merge", data={"issues": [_id(pair[1]), _id(third)]})
    assert list(paths().values()) == [pair[0]]


def test_a_merge_of_nothing_says_so(browser: Client, pair: tuple[str, str]) -> None:
    answer = browser.post(f"{pair[0]}/merge", data={})
    assert answer.status_code == 409
    assert "No issue was chosen" in answer.text
    unknown = browser.post(f"{pair[0]}/merge", data={"issues": "that one"})
    assert unknown.status_code == 404


def test_a_release_is_split_off_with_a_form(
    browser: Client, store: Any, paths: Any, pair: tuple[str, str]
) -> None:
    store(_failure("Locked", "serve", "pay", release="2.0"))
    split = browser.post(f"{pair[0]}/split", data={"release": "2.0"})
    assert (split.status_code, split.headers["location"]) == (303, pair[0])
    page = browser.get(pair[0]).text
    assert "by release <code>2.0</code>" in page
    new = re.findall(r'Split off\s+<a href="(/issues/[^"]+)"', page)[0]
    on_new = browser.get(new).text
    assert "Was split off from another issue" in on_new
    undone = browser.post(_undo_path(on_new))
    assert undone.headers["location"] == pair[0]
    assert sorted(paths().values()) == sorted(pair)


def test_a_call_and_a_fingerprint_are_split_off_with_forms(
    browser: Client, paths: Any, pair: tuple[str, str]
) -> None:
    browser.post(f"{pair[0]}/merge", data={"issues": _id(pair[1])})
    page = browser.get(pair[0]).text
    fingerprints = re.findall(r'name="fingerprints" value="([^"]+)"', page)
    assert len(fingerprints) == 2
    browser.post(f"{pair[0]}/split", data={"fingerprints": fingerprints[1]})
    assert len(paths()) == 2
    browser.post(f"{pair[0]}/split", data={"function": "pay", "module": ""})
    assert "call <code>pay</code>" in browser.get(pair[0]).text


def test_two_issues_are_shown_beside_each_other(browser: Client, pair: tuple[str, str]) -> None:
    page = browser.get(f"{pair[0]}/compare/{_id(pair[1])}").text
    assert "the one has the exception type “Locked”, the other the exception type “Jammed”" in page
    assert page.count('<tr class="differs">') == 1
    assert f'action="{pair[0]}/merge"' in page


def test_an_event_tells_what_was_replaced_in_its_message(
    browser: Client, store: Any, paths: Any
) -> None:
    store({"message": "user 17 is gone"})
    [path] = paths().values()
    assert '<code>17</code> <span class="quiet">counts as</span> <code>&lt;number&gt;</code>' in (
        browser.get(path).text
    )


def test_text_of_other_issues_is_never_markup(
    browser: Client, store: Any, tenant: Tenant, paths: Any
) -> None:
    store(
        _failure(f"Locked{HOSTILE}", f"pay{HOSTILE}", "serve", release=HOSTILE),
        _failure(f"Locked{HOSTILE}", f"pay{HOSTILE}", "serve", "again"),
    )
    page = browser.get("/projects/ada-shop/issues").text
    one, other = re.findall(r'<a href="(/issues/[^"]+)" id=', page)
    seen = [browser.get(one).text, browser.get(f"{one}/compare/{_id(other)}").text]
    browser.post(f"{one}/merge", data={"issues": _id(other)})
    browser.post(f"{one}/split", data={"function": f"pay{HOSTILE}"})
    seen.append(browser.get(one).text)
    assert "Split off" in seen[-1]
    assert all("<script>" not in text for text in seen)


def test_a_form_of_another_site_merges_nothing(browser: Client, pair: tuple[str, str]) -> None:
    answer = browser.request(
        "POST",
        f"{pair[0]}/merge",
        data={"issues": _id(pair[1])},
        headers={"sec-fetch-site": "cross-site"},
    )
    assert answer.status_code == 403
    assert browser.get(pair[1]).status_code == 200


def test_an_event_shows_the_rules_that_had_a_say_as_text(
    browser: Client, pair: tuple[str, str], database_url: str
) -> None:
    rule = f"type:Locked -> {HOSTILE.replace(chr(34), '')}"
    with connect(database_url, application_name="test") as conn:
        conn.execute("UPDATE projects SET grouping_rules = %s", (rule,))
    page = browser.get(f"{pair[0]}/events/latest").text
    assert "Rules of the project that had a say" in page
    assert "type:Locked -&gt; &gt;&lt;script&gt;" in page
    assert "<script>alert" not in page
