"""How an SDK is set up, as the page shows it."""

from __future__ import annotations

import html

import pytest

from mesher.web.platforms import platforms
from serving import Client
from tenants import Tenant


def test_at_least_twenty_platforms_are_explained() -> None:
    assert len(platforms()) >= 20


@pytest.mark.parametrize("key", platforms())
def test_each_platform_is_shown_with_the_dsn_of_the_project(
    browser: Client, tenant: Tenant, key: str
) -> None:
    page = html.unescape(browser.get(f"/projects/ada-shop/setup?platform={key}").text)
    dsn = f"https://{tenant.public_key}@mesher.example/{tenant.project.number}"
    [code] = [part.split("</code>")[0] for part in page.split('<pre class="copy"><code>')][-2:-1]
    assert dsn in code or tenant.public_key in code
    assert "{dsn}" not in page
    assert "{{" not in code


def test_a_platform_that_there_is_not_is_told(browser: Client) -> None:
    answer = browser.get("/projects/ada-shop/setup?platform=cobol")
    assert answer.status_code == 400
    assert "There is no such platform" in answer.text
    answer = browser.post("/projects/ada-shop/example", data={"platform": "cobol"})
    assert answer.status_code == 400


def test_an_example_is_received_as_an_event_of_an_sdk(browser: Client) -> None:
    answer = browser.post("/projects/ada-shop/example", data={"platform": "go"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/projects/ada-shop/issues")
