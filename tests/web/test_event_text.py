"""An event as text to take elsewhere."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest

from mesher.protocol.event import Request
from mesher.web.event_text import as_curl
from serving import Client

CALL = {
    "function": "pay",
    "filename": "till.py",
    "lineno": 8,
    "in_app": True,
    "pre_context": ["def pay():"],
    "context_line": "    open_drawer()",
}
FAILURE = {
    "platform": "python",
    "release": "shop@1.0",
    "exception": {
        "values": [{"type": "TillLocked", "value": "no ``` key", "stacktrace": {"frames": [CALL]}}]
    },
    "breadcrumbs": {"values": [{"category": "ui", "message": "the button was pressed"}]},
    "request": {"url": "https://shop.example/pay", "method": "POST"},
}


@pytest.fixture
def issue_path(browser: Client, store: Any) -> str:
    store(FAILURE)
    page = browser.get("/projects/ada-shop/issues").text
    return re.findall(r'href="(/issues/[0-9a-f-]+)"', page)[0]


def test_an_event_as_markdown_has_what_it_takes_to_look_for_the_cause(
    browser: Client, issue_path: str
) -> None:
    answer = browser.get(f"{issue_path}/events/latest/markdown")
    assert answer.headers["content-type"].startswith("text/markdown")
    text = answer.text
    assert text.startswith("# TillLocked: no ``` key\n")
    assert "- Release: shop@1.0" in text
    assert "````\nno ``` key\n````" in text
    assert "till.py:8 in pay\n    def pay():\n  >     open_drawer()" in text
    assert "ui: the button was pressed" in text
    assert "POST https://shop.example/pay" in text


def test_the_events_of_another_tenant_are_no_markdown(browser: Client, issue_path: str) -> None:
    other = browser.make_tenant("eve")
    headers = {"Authorization": f"Bearer {other.tokens['admin']}"}
    browser.cookies.clear()
    assert browser.get(f"{issue_path}/events/latest/markdown", headers=headers).status_code == 303


def test_the_tags_of_an_issue_are_counted_on_a_page_of_their_own(
    browser: Client, issue_path: str
) -> None:
    page = browser.get(f"{issue_path}/tags").text
    assert "In the latest 1 event." in page
    assert "query=tags%5Brelease%5D%3A%22shop%401.0%22" in page


@pytest.mark.parametrize(
    ("request_", "arguments"),
    [
        (Request(url="https://a.example/x y"), ["https://a.example/x y"]),
        (
            Request(url="https://a.example/", query_string=[("q", "it's")]),
            ["https://a.example/?q=it%27s"],
        ),
        (
            Request(
                url="https://a.example/",
                method="POST",
                headers=[("Host", "a.example"), ("Cookie", "a=1"), ("X-Name", "it's; rm -rf /")],
                cookies=[("a", "$(reboot)")],
                data={"cart": ["umbrella"]},
            ),
            [
                *("https://a.example/", "-X", "POST", "-H", "X-Name: it's; rm -rf /"),
                *("-b", "a=$(reboot)", "--data-raw", '{"cart":["umbrella"]}'),
            ],
        ),
    ],
)
def test_a_request_as_a_curl_command_is_quoted_for_the_shell(
    request_: Request, arguments: list[str]
) -> None:
    script = 'curl() { printf "%s\\n" "$@"; }\n' + as_curl(request_)
    seen = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True, text=True)
    assert seen.stdout.splitlines() == arguments
