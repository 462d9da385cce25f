"""Every page, as everybody sees it: no complaint of the browser, nothing out of reach, nothing too wide."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from acceptance.issue_pages import log_in
from acceptance.mesher_process import MesherProcess, wait_for
from acceptance.test_pages import accessibility_problems

WIDTHS = (375, 1024, 1920)
# Where `make screenshots` puts them; without it, none is taken.
SCREENSHOTS = os.environ.get("SCREENSHOTS_FOLDER", "")
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
RIGHT_TO_LEFT = "خطأ في الدفع \u202eabc עסקה נכשלה"
PAGES = {
    "projects": "/projects",
    "go": "/go",
    "account": "/account",
    "new-organization": "/organizations/new",
    "health": "/operating",
    "issues": "/projects/{project}/issues?status=all",
    "no-issues": "/projects/{project}/issues?query=nothing+has+this",
    "query-problem": "/projects/{project}/issues?query=is%3Afoo",
    "setup": "/projects/{project}/setup?platform=rails",
    "issue": "/issues/{issue}",
    "issue-tags": "/issues/{issue}/tags",
    "similar": "/issues/{issue}/similar",
    "event": "/issues/{issue}/events/latest",
    "extreme-issue": "/issues/{extreme}",
    "extreme-event": "/issues/{extreme}/events/oldest",
    "compare": "/issues/{issue}/compare/{extreme}",
    "dashboard": "/projects/{project}/dashboard",
    "project-tags": "/projects/{project}/tags",
    "live": "/projects/{project}/live",
    "releases": "/projects/{project}/releases",
    "release": "/projects/{project}/releases/shop%401.0?against=shop%402.0",
    "alerts": "/projects/{project}/alerts",
    "alert": "/alerts/{alert}",
    "rules": "/projects/{project}/alerts/rules",
    "monitors": "/projects/{project}/alerts/monitors",
    "monitor": "/projects/{project}/alerts/monitors/nightly-backup",
    "new-rule": "/projects/{project}/alerts/rules/new",
    "rule": "/projects/{project}/alerts/rules/{rule}",
    "project-settings": "/projects/{project}/settings",
    "organization-issues": "/organizations/{organization}/issues",
    "organization-dashboard": "/organizations/{organization}/dashboard",
    "organization-live": "/organizations/{organization}/live",
    "organization-settings": "/organizations/{organization}/settings",
    "changes": "/organizations/{organization}/settings/changes",
    "new-project": "/organizations/{organization}/projects/new",
    "not-found": "/projects/nowhere/issues",
    "reference": "/api/reference",
}
EMPTY = {
    name: path.replace("{project}", "{empty}")
    for name, path in PAGES.items()
    if "{project}" in path
    and not re.search(r"\{(rule|issue|extreme)\}|/releases/|/monitors/", path)
}
# Answered so on purpose; the browser's console tells of it.
REFUSED = re.compile(r"the server responded with a status of (403|404)")


def typical_event(number: int) -> dict[str, Any]:
    return {
        "platform": "python",
        "level": ("error", "warning", "fatal", "info")[number % 4],
        "release": f"shop@{number % 2 + 1}.0",
        "environment": ("production", "staging")[number % 2],
        "exception": {
            "values": [
                {
                    "type": ("KeyError", "TimeoutError", "ValueError")[number % 3],
                    "value": "'umbrella'",
                    "stacktrace": {
                        "frames": [
                            {"filename": "lib/runner.py", "function": "run", "lineno": 9},
                            {
                                "filename": "shop/cart.py",
                                "function": "check_out",
                                "lineno": 41,
                                "in_app": True,
                                "pre_context": ["def check_out(cart):", "    total = 0"],
                                "context_line": "    total += prices[article]",
                                "post_context": ["    return total"],
                                "vars": {"cart": ["umbrella", "boots"]},
                            },
                        ]
                    },
                }
            ]
        },
        "request": {
            "url": "https://shop.example/checkout",
            "method": "POST",
            "headers": {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"},
        },
        "user": {"id": str(number), "email": "ada@example.com"},
        "breadcrumbs": {"values": [{"category": "ui.click", "message": "button#pay"}]},
        "tags": {"region": ("eu", "us")[number % 2]},
        "contexts": {"os": {"name": "Linux", "version": "6.1"}},
        "extra": {"attempt": 3},
    }


def extreme_event() -> dict[str, Any]:
    """Ten thousand frames, a text of a megabyte, text that runs the other way, markup everywhere."""
    frame = {
        "filename": HOSTILE + "x" * 300,
        "function": RIGHT_TO_LEFT + "y" * 300,
        "lineno": 1,
        "in_app": True,
        "context_line": "z" * 3000,
        "vars": {HOSTILE: HOSTILE, "deep": {"er": [HOSTILE, {"and": RIGHT_TO_LEFT}]}},
    }
    return {
        "platform": "javascript",
        "level": "fatal",
        "release": HOSTILE,
        "environment": HOSTILE.replace("/", "")[:60],
        "transaction": HOSTILE,
        "server_name": HOSTILE,
        "logger": HOSTILE,
        "fingerprint": ["extreme"],
        "message": "w" * 1_000_000,
        "exception": {
            "values": [
                {
                    "type": HOSTILE,
                    "value": RIGHT_TO_LEFT + HOSTILE,
                    "stacktrace": {"frames": [{"function": "f"}] * 9_970 + [frame] * 30},
                }
            ]
        },
        "request": {
            "url": "https://shop.example/" + "long/" * 400,
            "method": HOSTILE,
            "headers": {HOSTILE: HOSTILE},
            "cookies": {HOSTILE: HOSTILE},
            "data": HOSTILE,
            "query_string": {HOSTILE: HOSTILE},
        },
        "user": {"id": HOSTILE, "username": RIGHT_TO_LEFT, "email": "a@b.example"},
        "tags": {"hostile": HOSTILE, "wide": "v" * 200},
        "breadcrumbs": {"values": [{"category": HOSTILE, "message": HOSTILE + "u" * 5000}] * 150},
        "contexts": {HOSTILE: {HOSTILE: HOSTILE}},
        "extra": {HOSTILE: {"more": "t" * 20_000}},
        "modules": {f"package-{number}": "1.0" for number in range(500)},
    }


@pytest.fixture(scope="session")
def client(mesher: MesherProcess) -> Iterator[httpx.Client]:
    """The API, as the owner."""
    url, token = mesher.ready["url"], mesher.ready["api_token"]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{url}/api/v1", headers=headers) as found:
        yield found


@pytest.fixture(scope="session")
def things(mesher: MesherProcess, client: httpx.Client) -> dict[str, str]:
    """What the pages are about: a busy project and an empty one, with all that pages show."""
    url = mesher.ready["url"]

    def post(path: str, body: dict[str, Any]) -> Any:
        answer = client.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    organization = client.get("/organizations").json()["items"][0]["id"]
    project = post(f"/organizations/{organization}/projects", {"name": "The walked shop"})
    empty = post(f"/organizations/{organization}/projects", {"name": "An empty one"})
    rule = post(
        f"/projects/{project['id']}/alert-rules",
        {
            "name": HOSTILE[:100],
            "condition": {"condition_type": "new_issue"},
            "actions": [{"action_type": "email", "to": ["ops@example.com"]}],
        },
    )
    key = httpx.URL(project["dsns"][0]).username
    sentry = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={key}"}
    for event in [*map(typical_event, range(12)), extreme_event()]:
        answer = httpx.post(f"{url}/api/{project['number']}/store/", json=event, headers=sentry)
        assert answer.status_code == 200, answer.text
    check_in = f"{url}/api/{project['number']}/cron/nightly-backup/{key}/?status=error"
    assert httpx.get(check_in).status_code == 202
    found = {
        "project": project["id"],
        "empty": empty["id"],
        "organization": organization,
        "rule": rule["id"],
    }
    path = f"/projects/{project['id']}"
    wait_for("issues", lambda: len(client.get(f"{path}/issues").json()["items"]) >= 4)
    wait_for("an alert", lambda: client.get(f"{path}/alerts").json()["items"])
    for issue in client.get(f"{path}/issues").json()["items"]:
        found[
            "extreme" if issue["level"] == "fatal" and "script" in issue["title"] else "issue"
        ] = issue["id"]
    found["alert"] = client.get(f"{path}/alerts").json()["items"][0]["id"]
    return found


@pytest.fixture(scope="session")
def people(mesher: MesherProcess, client: httpx.Client) -> dict[str, tuple[str, str]]:
    """An owner, an admin and a member: e-mail and password."""
    url = mesher.ready["url"]
    organization = client.get("/organizations").json()["items"][0]["id"]
    found = {"owner": (mesher.ready["email"], mesher.ready["password"])}
    for role in ("admin", "member"):
        made = client.post(f"/organizations/{organization}/invitations", json={"role": role}).json()
        email, password = f"{role}@example.com", "correct horse battery staple"
        body = {"token": made["token"], "email": email, "name": role, "password": password}
        answer = httpx.post(f"{url}/api/v1/invitations/accept", json=body)
        assert answer.is_success, answer.text
        found[role] = (email, password)
    return found


@pytest.fixture
def walker(
    browser: Browser, mesher: MesherProcess, people: dict[str, tuple[str, str]]
) -> Iterator[Any]:
    """Opens tabs of a person, and gathers what is wrong on their pages."""
    contexts = []

    def walk(
        role: str,
        scheme: str,
        width: int,
        pages: dict[str, str],
        *,
        axe: bool = False,
        name: str = "",
    ) -> list[str]:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        wrong: list[str] = []
        page.on(
            "console",
            lambda one: (
                one.type in {"error", "warning"}
                and not REFUSED.search(one.text)
                and wrong.append(f"{page.url} says {one.text}")
            ),
        )
        page.on("pageerror", lambda error: wrong.append(f"{page.url} fails: {error}"))
        page.on(
            "dialog",
            lambda seen: (wrong.append(f"{page.url} opens {seen.message}"), seen.dismiss()),
        )
        log_in(page, mesher.ready["url"], *people[role])
        for title, path in pages.items():
            page.goto(mesher.ready["url"] + path)
            wrong += _look(page, axe=axe)
            if SCREENSHOTS:
                folder = Path(SCREENSHOTS)
                folder.mkdir(parents=True, exist_ok=True)
                file = f"{name}{title}-{scheme}-{width}.png"
                page.screenshot(path=folder / file, full_page="extreme" not in title)
        return wrong

    yield walk
    for context in contexts:
        context.close()


def _look(page: Page, *, axe: bool) -> list[str]:
    wrong = []
    too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if too_wide > 0:
        wrong.append(f"{page.url} is {too_wide} px too wide at {page.viewport_size}")
    if page.locator("h1").count() != 1:
        wrong.append(f"{page.url} has {page.locator('h1').count()} headings of the first level")
    if axe:
        wrong += [f"{page.url} {one}" for one in accessibility_problems(page)]
    return wrong


def _paths(pages: dict[str, str], things: dict[str, str]) -> dict[str, str]:
    return {name: path.format(**things) for name, path in pages.items()}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_an_owner_finds_nothing_wrong_on_any_page(
    walker: Any, things: dict[str, str], scheme: str, width: int
) -> None:
    paths = _paths(PAGES, things)
    wrong = walker("owner", scheme, width, paths, axe=width == WIDTHS[1])
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", ["admin", "member"])
def test_others_find_nothing_wrong_on_theirs(
    walker: Any, things: dict[str, str], role: str
) -> None:
    wrong = walker(role, "light", WIDTHS[1], _paths(PAGES, things), axe=True, name=f"{role}-")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wrong_where_there_is_nothing(
    walker: Any, things: dict[str, str], scheme: str
) -> None:
    paths = _paths(EMPTY, things)
    wrong = walker("owner", scheme, WIDTHS[0], paths, axe=True, name="empty-")
    assert not wrong, "\n".join(wrong)
