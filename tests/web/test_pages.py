from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from mesher.ingest.symbolication import tell_what_is_missing
from mesher.storage.connection import connect
from mesher.storage.new_attachments import NewAttachment, insert_attachments
from serving import Client
from tenants import Tenant

FRAMES = [
    {"function": "main", "filename": "shop.py", "lineno": 90, "in_app": True},
    {
        "function": "pay",
        "filename": "till.py",
        "lineno": 8,
        "in_app": True,
        "pre_context": ["def pay():"],
        "context_line": "    open_drawer()",
        "post_context": ["    count()"],
        "vars": {"amount": "17"},
    },
]
ERROR = {
    "platform": "python",
    "exception": {
        "values": [
            {"type": "KeyError", "value": "'drawer'"},
            {"type": "TillLocked", "value": "no key", "stacktrace": {"frames": FRAMES}},
        ]
    },
}


def _order(text: str, *parts: str) -> bool:
    places = [text.index(part) for part in parts]
    return places == sorted(places)


ISSUE = r"/issues/[0-9a-f-]+"
EVENT = ISSUE + r"/events/[0-9a-f-]+"


def _links(browser: Client, page: str, wanted: str) -> list[str]:
    """Where a page's links of one kind lead, each once."""
    answer = browser.get(page)
    assert answer.status_code == 200, answer.text
    return list(dict.fromkeys(re.findall(f'href="({wanted})"', answer.text)))


@pytest.fixture
def issue_path(browser: Client, store: Any) -> str:
    """The page of the one issue, with three events."""
    store(ERROR, ERROR, ERROR)
    [path] = _links(browser, "/projects/ada-shop/issues", ISSUE)
    return path


def test_the_start_leads_to_the_only_project(browser: Client) -> None:
    answer = browser.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/projects/ada-shop/issues")


def test_the_projects_are_there_to_choose_from(browser: Client) -> None:
    page = browser.get("/projects")
    assert '<a href="/projects/ada-shop/issues">ada&#39;s shop</a>' in page.text


def test_an_empty_project_shows_how_to_send_the_first_event(
    browser: Client, tenant: Tenant
) -> None:
    page = browser.get(f"/projects/{tenant.project.id}/issues").text
    dsn = f"https://{tenant.public_key}@mesher.example/{tenant.project.number}"
    assert f"sentry_sdk.init(dsn=&#34;{dsn}&#34;)" in page or f'init(dsn="{dsn}")' in page


def test_a_list_without_a_match_is_no_empty_project(browser: Client, issue_path: str) -> None:
    page = browser.get("/projects/ada-shop/issues?status=resolved&query=x%26y").text
    assert "No resolved issues that fit <code>x&amp;y</code>." in page


def test_a_query_that_cannot_be_read_is_explained_beside_the_search(
    browser: Client, issue_path: str
) -> None:
    answer = browser.get("/projects/ada-shop/issues?query=is%3Afoo")
    assert answer.status_code == 200
    assert "&#39;foo&#39; is not known here (character 4). Expected unresolved" in answer.text
    assert "sentry_sdk" not in answer.text


def test_a_search_that_takes_too_long_is_explained_beside_the_search(
    browser: Client, database_url: str, issue_path: str
) -> None:
    with connect(database_url, application_name="test") as conn, conn.transaction():
        conn.execute("LOCK TABLE issues IN ACCESS EXCLUSIVE MODE")
        answer = browser.get("/projects/ada-shop/issues?query=locked")
    assert answer.status_code == 200
    assert "The search took longer than 5 seconds. Ask for a shorter time" in answer.text


def test_an_issue_is_listed_with_its_figures(browser: Client, issue_path: str) -> None:
    page = browser.get("/projects/ada-shop/issues").text
    assert re.search(f'<a href="{issue_path}"[^>]*>TillLocked: no key</a>', page)
    assert 'title="3 in all"' in page


def test_the_list_leads_to_its_older_issues(browser: Client, store: Any) -> None:
    store(*[{"message": "m", "fingerprint": [str(number)]} for number in range(51)])
    first = browser.get("/projects/ada-shop/issues?query=m").text
    [following] = re.findall(r'rel="next" href="([^"]+)"', first)
    second = browser.get("/projects/ada-shop/issues" + following.replace("&amp;", "&")).text
    assert [len(re.findall(r'href="/issues/', page)) for page in (first, second)] == [50, 1]
    assert 'rel="next"' not in second


def test_an_issue_shows_its_latest_event_newest_exception_and_call_first(
    browser: Client, issue_path: str
) -> None:
    page = browser.get(issue_path).text
    assert _order(page, "<h1>TillLocked: no key</h1>", "<h3>TillLocked", "open_drawer()", "shop.py")
    assert _order(page, "shop.py", "caused by", "KeyError")
    assert '<li value="7"><code>def pay():</code></li>' in page
    assert '<li class="current" value="8"><code>    open_drawer()</code></li>' in page
    assert "<dt>amount</dt>" in page


def test_an_issue_says_why_its_events_are_one(browser: Client, issue_path: str) -> None:
    page = browser.get(issue_path).text
    assert "Grouped by the calls of the application" in page
    assert '<span class="quiet">function</span> <code>pay</code>' in page


def test_the_events_of_an_issue_lead_to_each_other(browser: Client, issue_path: str) -> None:
    paths = re.findall(f'"Received"><a href="({EVENT})"', browser.get(issue_path).text)
    assert len(paths) == 3
    latest, middle, oldest = (browser.get(path).text for path in paths)
    assert f'rel="prev" href="{paths[1]}"' in latest
    assert 'rel="next"' not in latest
    assert f'rel="prev" href="{paths[2]}"' in middle
    assert f'rel="next" href="{paths[0]}"' in middle
    assert 'rel="prev"' not in oldest


def test_an_issue_that_has_outlived_its_events_says_so(
    browser: Client, issue_path: str, database_url: str
) -> None:
    with connect(database_url, application_name="test") as conn:
        conn.execute("DELETE FROM events")
    page = browser.get(issue_path)
    assert page.status_code == 200
    assert "older than the project keeps them" in page.text


@pytest.mark.parametrize("status", ["resolved", "archived", "discarded"])
def test_a_button_gives_an_issue_its_status(browser: Client, issue_path: str, status: str) -> None:
    answer = browser.post(f"{issue_path}/status", data={"status": status})
    assert (answer.status_code, answer.headers["location"]) == (303, issue_path)
    page = browser.get(issue_path).text
    assert f'<span class="status">{status}</span>' in page
    assert f'value="{status}"' not in page  # no button for what it is already
    assert issue_path in browser.get(f"/projects/ada-shop/issues?status={status}").text


def test_a_status_that_there_is_not_is_refused(browser: Client, issue_path: str) -> None:
    assert browser.post(f"{issue_path}/status", data={"status": "open"}).status_code == 400
    assert browser.post(f"{issue_path}/status", data={}).status_code == 400


def test_a_deleted_issue_leads_back_to_the_list(browser: Client, issue_path: str) -> None:
    answer = browser.post(f"{issue_path}/delete")
    assert (answer.status_code, answer.headers["location"]) == (303, "/projects/ada-shop/issues")
    assert browser.get(issue_path).status_code == 404


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def test_text_of_an_event_is_never_markup(browser: Client, store: Any) -> None:
    """Every place of an event that takes text gets the same hostile text."""
    store(
        {
            "message": {
                "message": HOSTILE,
                "formatted": HOSTILE,
                "params": [HOSTILE, {HOSTILE: 1}],
            },
            "level": "error",
            "logger": HOSTILE,
            "platform": HOSTILE,
            "transaction": HOSTILE,
            "server_name": HOSTILE,
            "release": HOSTILE,
            "environment": "x" + HOSTILE.replace("/", ""),
            "tags": {"region": HOSTILE},
            "extra": {HOSTILE: {HOSTILE: [HOSTILE]}},
            "contexts": {HOSTILE: {HOSTILE: HOSTILE}},
            "modules": {HOSTILE: HOSTILE},
            "user": {"id": HOSTILE, "username": HOSTILE, HOSTILE: HOSTILE},
            "request": {
                "url": "javascript:alert(1)",
                "method": HOSTILE,
                "query_string": [[HOSTILE, HOSTILE]],
                "headers": {HOSTILE: HOSTILE},
                "cookies": {HOSTILE: HOSTILE},
                "data": {HOSTILE: HOSTILE},
                "env": {HOSTILE: HOSTILE},
            },
            "breadcrumbs": [
                {
                    "category": HOSTILE,
                    "message": HOSTILE,
                    "data": {HOSTILE: HOSTILE},
                    "type": HOSTILE,
                }
            ],
            "exception": {
                "values": [
                    {
                        "type": HOSTILE,
                        "value": HOSTILE,
                        "module": HOSTILE,
                        "mechanism": {
                            "type": HOSTILE,
                            "handled": False,
                            "help_link": "javascript:1",
                        },
                        "stacktrace": {
                            "frames": [
                                {
                                    "function": HOSTILE,
                                    "filename": HOSTILE,
                                    "abs_path": "javascript:alert(1)",
                                    "context_line": HOSTILE,
                                    "pre_context": [HOSTILE],
                                    "post_context": [HOSTILE],
                                    "vars": {HOSTILE: HOSTILE},
                                    "lineno": 1,
                                    "in_app": True,
                                }
                            ]
                        },
                    }
                ]
            },
            "threads": {"values": [{"id": 1, "name": HOSTILE, "crashed": True}]},
            "sdk": {"name": HOSTILE, "version": HOSTILE},
            "timestamp": HOSTILE,
        }
    )
    [issue_path] = _links(browser, "/projects/ada-shop/issues", ISSUE)
    [event_path] = _links(browser, issue_path, EVENT)
    for path in ("/projects/ada-shop/issues", issue_path, event_path):
        page = browser.get(path).text
        assert "alert(1)" in page  # the text is there, as text
        assert not re.search(
            r'<script(?! src="/static/)|<img src=x|href=\W?javascript|<[^>]* onerror',
            page,
            re.IGNORECASE,
        )


# Nearly everything is missing, or is of an unusual kind.
UNUSUAL_EVENTS: list[dict[str, Any]] = [
    {},
    {"message": ""},
    {"exception": {"values": [{"type": None, "value": None}]}},
    {"exception": {"values": [{"type": "E", "stacktrace": {"frames": [{}]}}]}},
    {"exception": {"values": [{"type": "E", "stacktrace": {"frames": [{"lineno": 0}]}}]}},
    {"stacktrace": {"frames": [{"function": "f", "pre_context": [], "context_line": ""}]}},
    {"threads": {"values": [{"id": 1, "stacktrace": {"frames": [{"function": "f"}]}}]}},
    {"breadcrumbs": [{"message": "no time"}, {"timestamp": 1e11}]},
    {"user": {"geo": {"city": "x"}}, "request": {"data": [1, {"a": None}]}},
    {"contexts": {"items": {"values": [], "empty": {}}}, "extra": {"a": None, "b": True}},
    {"csp": {"blocked_uri": "x", "effective_directive": "img-src"}},
    {"logentry": {"message": "%s", "params": {"a": 1.5}}},
    {"template": {"filename": "a.html", "lineno": 3, "context_line": "x"}},
]


def test_the_files_of_an_event_are_on_its_page_to_save(
    browser: Client, store: Any, tenant: Tenant, database_url: str
) -> None:
    [event_id] = store({"message": "it broke"})
    file = NewAttachment(
        project_id=tenant.project.id,
        event_id=uuid.UUID(event_id),
        received_at_us=1_700_000_000_000_000,
        name="<b>.log",
        content_type="text/plain",
        attachment_type="event.attachment",
        data=b"starting",
    )
    with connect(database_url, application_name="test") as conn:
        assert len(list(insert_attachments(conn, [file], set()))) == 1
    (issue,) = set(_links(browser, "/projects/ada-shop/issues", r"/issues/[0-9a-f-]+"))
    page = browser.get(issue).text
    assert "&lt;b&gt;.log</a>" in page
    [link] = re.findall(r'href="(/api/v1/[^"]+/attachments/[^"]+)" download', page)
    assert browser.get(link).content == b"starting"


def test_every_kind_of_event_has_a_page(browser: Client, store: Any) -> None:
    """Events of which nearly everything is missing, or is of an unusual kind."""
    store(*UNUSUAL_EVENTS)
    issues = set(_links(browser, "/projects/ada-shop/issues", ISSUE))
    events = {event for issue in issues for event in _links(browser, issue, EVENT)}
    assert len(events) == len(UNUSUAL_EVENTS)
    for path in events:
        assert browser.get(path).status_code == 200, path


@pytest.mark.parametrize(
    "path",
    ["/", "/login", "/projects", "/projects/ada-shop/issues", "/nothing", "/issues/x", "/static/x"],
)
def test_every_page_lets_the_browser_load_only_what_is_ours(browser: Client, path: str) -> None:
    headers = browser.get(path).headers
    policy = headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert not [part for part in policy if "unsafe" in part or "http" in part]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_pages_need_nothing_that_their_policy_forbids(browser: Client, issue_path: str) -> None:
    for path in ("/login", "/projects", "/projects/ada-shop/issues", issue_path, "/nothing"):
        page = browser.get(path).text
        assert not re.search(r'<script(?! src="/static/)|<style| style=| on[a-z]+=', page), path
        for reference in re.findall(r'(?:src|href)="([^"]+)"', page):
            assert reference.startswith(("/", "?", "#")), reference


def test_assets_are_kept_for_ever_under_a_name_that_tells_their_content(
    browser: Client,
) -> None:
    [path] = re.findall(r'rel="stylesheet" href="([^"]+)"', browser.get("/login").text)
    assert re.fullmatch(r"/static/mesher\.[0-9a-f]{12}\.css", path)
    answer = browser.get(path)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        (f"/issues/{uuid.UUID(int=1)}", 404),
        ("/projects/no-shop/issues", 404),
        ("/projects/ada-shop/issues?status=open", 400),
        ("/projects/ada-shop/issues?cursor=x", 400),
        ("/projects/%00/issues", 404),
        ("/static/..%2f..%2fapp.py", 404),
    ],
)
def test_what_goes_wrong_is_told_on_a_page(browser: Client, path: str, status: int) -> None:
    answer = browser.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Back to the start" in answer.text


def test_an_event_says_what_was_cut_of_it_by_whom(browser: Client, store: Any) -> None:
    store({"message": "m", "level": "warn", "_meta": {"extra": {"log": {"": {"len": 9000}}}}})
    [path] = _links(browser, "/projects/ada-shop/issues", ISSUE)
    page = browser.get(path).text
    assert _order(page, "What Mesher changed", "invalid data", "warn")
    assert _order(page, "What the SDK changed", "extra.log", "value too long", "9000")


MAPPED = {
    "platform": "node",
    "errors": [],
    "exception": {
        "values": [
            {
                "type": "RangeError",
                "value": "no price",
                "stacktrace": {"frames": [{"function": "priceOf", "filename": "src/prices.ts"}]},
                "raw_stacktrace": {"frames": [{"function": "a", "filename": "app.3f2c1.js"}]},
            }
        ]
    },
}


def test_a_mapped_event_shows_its_source_and_on_demand_what_was_sent(browser, store):
    store(MAPPED)
    [path] = _links(browser, "/projects/ada-shop/issues", ISSUE)
    text = browser.get(path).text
    assert _order(text, "src/prices.ts", "The calls as they were sent", "app.3f2c1.js")


def test_an_unmapped_event_says_why_and_what_to_do(browser, store):
    frames = [{"abs_path": "https://shop/<b>.js", "lineno": 1, "colno": 9, "function": "a"}]
    store(
        {"platform": "javascript", "exception": {"type": "E", "stacktrace": {"frames": frames}}},
        symbolicate=tell_what_is_missing,
    )
    [path] = _links(browser, "/projects/ada-shop/issues", ISSUE)
    text = browser.get(path).text
    assert _order(
        text,
        "Calls that could not be traced to their source",
        "https://shop/&lt;b&gt;.js",
        "sentry-cli sourcemaps inject",
    )
    assert "What Mesher changed" not in text
