"""What people decide about an issue on its page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mesher.storage.connection import connect
from serving import Client
from tenants import Tenant

HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def issue_path(browser: Client, store: Any) -> str:
    store({"message": "till locked", "release": "shop@1.1.0"})
    listed = browser.get("/projects/ada-shop/issues").text
    return re.findall(r'href="(/issues/[0-9a-f-]+)"', listed)[0]


def _page(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"in": "next"}, "Resolved in the release after <code>shop@1.1.0</code>"),
        ({"in": "current"}, "Resolved in <code>shop@1.1.0</code>"),
        ({"in": "named", "release": " shop@1.1.0 "}, "Resolved in <code>shop@1.1.0</code>"),
    ],
)
def test_an_issue_is_resolved_in_a_release(
    browser: Client, issue_path: str, form: dict[str, str], said: str
) -> None:
    answer = browser.post(f"{issue_path}/resolution", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, issue_path)
    page = _page(browser, issue_path)
    assert '<span class="status">resolved</span>' in page
    assert page.count(said) == 2  # above, and in the activity


@pytest.mark.parametrize("form", [{}, {"in": "named"}, {"in": "named", "release": " "}])
def test_a_release_has_to_be_named(browser: Client, issue_path: str, form: dict[str, str]) -> None:
    assert browser.post(f"{issue_path}/resolution", data=form).status_code == 400


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("escalating", "Archived until it escalates."),
        ("100", "Archived until 100 more events."),
        ("week", "Archived until <time"),
    ],
)
def test_an_issue_is_archived_until_something_happens(
    browser: Client, issue_path: str, until: str, said: str
) -> None:
    assert browser.post(f"{issue_path}/archive", data={"until": until}).status_code == 303
    assert said in _page(browser, issue_path)
    assert browser.post(f"{issue_path}/archive", data={"until": "later"}).status_code == 400


def test_an_issue_is_assigned_and_the_page_says_to_whom(
    browser: Client, tenant: Tenant, issue_path: str
) -> None:
    browser.post(f"{issue_path}/assignment", data={"assigned_to": str(tenant.user_id)})
    page = _page(browser, issue_path)
    assert f'<option value="{tenant.user_id}" selected>ada</option>' in page
    assert "Assigned to ada" in page
    browser.post(f"{issue_path}/assignment", data={"assigned_to": ""})
    assert "selected" not in _page(browser, issue_path)


def test_a_comment_is_text_whatever_it_holds(browser: Client, issue_path: str) -> None:
    browser.post(f"{issue_path}/comments", data={"comment": f"**see** {HOSTILE}"})
    page = _page(browser, issue_path)
    assert "<script>alert" not in page
    assert "**see** &#34;&gt;&lt;script&gt;" in page


def test_a_comment_of_ones_own_is_deleted(browser: Client, issue_path: str) -> None:
    browser.post(f"{issue_path}/comments", data={"comment": "a mistake"})
    [deletion] = re.findall(r'action="([^"]+/comments/[0-9]+/delete)"', _page(browser, issue_path))
    assert browser.post(deletion).status_code == 303
    assert "a mistake" not in _page(browser, issue_path)


def test_a_comment_of_somebody_else_has_no_button_and_stays(
    browser: Client, issue_path: str, database_url: str
) -> None:
    browser.post(f"{issue_path}/comments", data={"comment": "mine"})
    [deletion] = re.findall(r'action="([^"]+/comments/[0-9]+/delete)"', _page(browser, issue_path))
    with connect(database_url, application_name="test") as conn:
        conn.execute("UPDATE issue_activity SET actor_id = NULL")
    assert deletion not in _page(browser, issue_path)
    assert browser.post(deletion).status_code == 403


def test_names_in_the_activity_are_never_markup(
    browser: Client, issue_path: str, store: Any
) -> None:
    store({"message": "another", "release": HOSTILE})
    browser.post(f"{issue_path}/resolution", data={"in": "named", "release": HOSTILE})
    assert "<script>alert" not in _page(browser, issue_path)
