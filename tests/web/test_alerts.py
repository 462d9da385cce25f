"""Alerts and their rules, as people make and see them on the pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from mesher.alerting.loop import evaluate
from serving import Client
from tenants import PASSWORD, Tenant, add_member

RULES = "/projects/ada-shop/alerts/rules"
NEW_ISSUE = {
    "condition_type": "new_issue",
    "name": "Something new",
    "cooldown_minutes": "30",
    "digest_minutes": "5",
    "enabled": "on",
}
FULL = {
    **NEW_ISSUE,
    "condition_type": "threshold",
    "count": "20",
    "of": "users",
    "within": "project",
    "window_minutes": "30",
    "level_error": "on",
    "level_fatal": "on",
    "environments": "hall, garage",
    "releases": "shop@2.*",
    "tags": "region=eu\r\ncity=Ulm",
    "query": "lift",
    "assigned_to": "nobody",
    "younger_than_hours": "48",
    "quiet_begin": "22:00",
    "quiet_end": "06:00",
    "quiet_zone": "Europe/Berlin",
    "email_to": "addresses",
    "email_addresses": "ops@example.com, dev@example.com",
    "webhook_url": "https://hooks.example.com/x",
    "webhook_secret": "known to both of us",
    "apprise_url": "ntfy://ntfy.example.com/topic",
}


def rules(browser: Client, tenant: Tenant) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {tenant.tokens['admin']}"}
    path = f"/api/v1/projects/{tenant.project.id}/alert-rules"
    found: list[dict[str, Any]] = browser.get(path, headers=headers).json()["items"]
    return found


@pytest.fixture
def rule(browser: Client, tenant: Tenant) -> str:
    """The page of a rule."""
    assert browser.post(f"{RULES}/new", data=NEW_ISSUE).status_code == 303
    return f"{RULES}/{rules(browser, tenant)[0]['id']}"


@pytest.fixture
def alert(browser: Client, store: Any, rule: str) -> str:
    """The page of an alert."""
    now = datetime.now(UTC)
    store({"message": "the lift is stuck"}, begin=now)
    browser.call(partial(evaluate, browser.resources.engine, now, measure=False))
    page = browser.get("/projects/ada-shop/alerts").text
    return re.findall(r'href="(/alerts/[0-9a-f-]+)"', page)[0]


def test_all_of_a_form_is_kept_and_shown_again(browser: Client, tenant: Tenant) -> None:
    assert browser.post(f"{RULES}/new", data=FULL).status_code == 303
    [made] = rules(browser, tenant)
    assert made["condition"] == {
        "condition_type": "threshold",
        "count": 20,
        "of": "users",
        "within": "project",
        "window_minutes": 30,
        "filters": {
            "levels": ["fatal", "error"],
            "environments": ["hall", "garage"],
            "releases": ["shop@2.*"],
            "tags": {"region": "eu", "city": "Ulm"},
            "query": "lift",
            "assigned_to": "nobody",
            "younger_than_hours": 48,
        },
    }
    assert [one["action_type"] for one in made["actions"]] == ["email", "webhook", "apprise"]
    assert made["quiet_hours"]["time_zone"] == "Europe/Berlin"
    page = browser.get(f"{RULES}/{made['id']}").text
    form = dict(re.findall(r'<input[^>]* name="([a-z_]+)" value="([^"]*)"', page))
    assert form["count"] == "20"
    assert form["environments"] == "hall, garage"
    assert "city=Ulm\nregion=eu</textarea>" in page
    assert "known to both of us" not in page

    kept = {
        name: text for name, text in FULL.items() if not name.startswith(("email", "web", "app"))
    }
    kept |= {f"keep_{made['actions'][1]['id']}": "on", "name": "Another"}
    del kept["enabled"]
    assert browser.post(f"{RULES}/{made['id']}", data=kept).status_code == 303
    [changed] = rules(browser, tenant)
    assert changed["actions"] == [made["actions"][1]]
    assert (changed["name"], changed["enabled"]) == ("Another", False)
    assert changed["condition"] == made["condition"]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"name": ""}, "The name is empty"),
        ({"cooldown_minutes": "x"}, "Cooldown minutes is no number"),
        ({"query": "is:broken"}, "is not known here"),
        ({"tags": "region"}, "is no tag with a value"),
        ({"quiet_begin": "22:00", "quiet_end": "22:00"}, "begin when they end"),
        ({"quiet_begin": "22:00", "quiet_end": "6:00", "quiet_zone": "Mars"}, "quiet"),
        ({"webhook_url": "https://x.example", "webhook_secret": "short"}, "length"),
        ({"email_to": "addresses", "email_addresses": ""}, "length"),
        ({"condition_type": "threshold", "count": "0", "window_minutes": "5"}, ""),
    ],
)
def test_what_does_not_fit_is_told_and_what_was_typed_stays(
    browser: Client, tenant: Tenant, changed: dict[str, str], problem: str
) -> None:
    answer = browser.post(f"{RULES}/new", data={**NEW_ISSUE, "environments": "typed", **changed})
    assert answer.status_code == 400
    [told] = re.findall(r'class="problem" role="alert">([^<]*)<', answer.text)
    assert problem in told or "Expected" in told
    assert 'value="typed"' in answer.text
    assert rules(browser, tenant) == []


def test_a_form_shows_when_its_rule_would_have_fired_and_saves_nothing(
    browser: Client, tenant: Tenant, store: Any
) -> None:
    store({"message": "a"}, begin=datetime.now(UTC) - timedelta(days=2))
    answer = browser.post(f"{RULES}/preview", data=NEW_ISSUE)
    assert answer.status_code == 200
    assert "<strong>1 time</strong>" in answer.text
    assert rules(browser, tenant) == []


def test_the_test_shows_what_the_receiver_said(browser: Client, tenant: Tenant) -> None:
    form = {**NEW_ISSUE, "webhook_url": "http://127.0.0.1:9/", "webhook_secret": "s" * 16}
    browser.post(f"{RULES}/new", data=form)
    [made] = rules(browser, tenant)
    page = browser.post(f"{RULES}/{made['id']}/test").text
    assert "It was not taken: " in page
    assert "127.0.0.1 is a private address" in page


def test_an_alert_is_acknowledged_and_resolved(browser: Client, alert: str) -> None:
    page = browser.get(alert).text
    assert "New issue: the lift is stuck" in page
    assert "The rule tells nobody" in page
    assert browser.post(f"{alert}/acknowledge").status_code == 303
    assert '<span class="tag">acknowledged</span>' in browser.get(alert).text
    assert browser.post(f"{alert}/resolve").status_code == 303
    assert browser.post(f"{alert}/resolve").status_code == 303
    listed = browser.get("/projects/ada-shop/alerts?status=resolved").text
    assert alert in listed


def test_a_rule_is_muted_and_deleted(browser: Client, tenant: Tenant, rule: str) -> None:
    browser.post(rule, data={**NEW_ISSUE, "mute_hours": "8"})
    assert "muted until" in browser.get(RULES).text
    browser.post(rule, data={**NEW_ISSUE, "mute_hours": "keep"})
    assert rules(browser, tenant)[0]["muted_until"] is not None
    browser.post(rule, data=NEW_ISSUE)
    assert rules(browser, tenant)[0]["muted_until"] is None
    assert browser.post(f"{rule}/delete").status_code == 303
    assert rules(browser, tenant) == []


@pytest.mark.parametrize(
    "kind", ["new_issue", "regression", "threshold", "spike", "error_rate_change", "no_events"]
)
def test_each_condition_has_a_form_that_can_be_sent_as_it_is(
    browser: Client, tenant: Tenant, kind: str
) -> None:
    page = browser.get(f"{RULES}/new?watch={kind}").text
    form = {
        name: text
        for name, text in re.findall(r'<input[^>]* name="([a-z_]+)" value="([^"]*)"', page)
        if text
    }
    form |= {"of": "events", "within": "issue", "enabled": "on"}
    assert browser.post(f"{RULES}/new", data=form).status_code == 303
    assert rules(browser, tenant)[0]["condition"]["condition_type"] == kind


def test_a_member_sees_rules_and_changes_none(
    browser: Client, tenant: Tenant, rule: str, alert: str
) -> None:
    bob = browser.call(partial(add_member, browser.resources.engine, tenant, "bob", "member"))
    browser.cookies = httpx.Cookies()
    browser.post("/login", data={"email": bob.email, "password": PASSWORD})
    assert "New rule" not in browser.get(RULES).text
    assert "Save" not in browser.get(rule).text
    assert browser.post(rule, data=NEW_ISSUE).status_code == 403
    assert browser.post(f"{rule}/test").status_code == 403
    assert browser.post(f"{alert}/acknowledge").status_code == 303


def test_alerts_and_rules_of_another_tenant_are_not_there(
    browser: Client, rule: str, alert: str
) -> None:
    eve = browser.make_tenant("eve")
    browser.cookies = httpx.Cookies()
    browser.post("/login", data={"email": eve.email, "password": PASSWORD})
    own = rule.replace("ada-shop", "eve-shop")
    for path in (rule, alert, own):
        assert browser.get(path).status_code == 404
    for path in (f"{rule}/delete", f"{own}/delete", f"{alert}/resolve", f"{own}/test"):
        assert browser.post(path).status_code == 404
