"""Alerts over the API."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from serving import Client
from tenants import BEGIN, Tenant, raise_alert


@pytest.fixture
def rule(call: Any, tenant: Tenant) -> Any:
    body = {
        "name": "any",
        "condition": {"condition_type": "new_issue"},
        "cooldown_minutes": 10,
    }
    return call(
        "POST", f"/projects/{tenant.project.id}/alert-rules", scope="admin", json=body
    ).json()


@pytest.fixture
def fire(client: Client, rule: Any) -> Any:
    def fire(now: datetime) -> Any:
        return client.call(partial(raise_alert, client.resources.engine, rule["id"], now=now))

    return fire


def minutes(count: int) -> datetime:
    return BEGIN + timedelta(minutes=count)


def test_an_alert_tells_its_condition_and_figures(
    call: Any, fire: Any, rule: Any, tenant: Tenant
) -> None:
    alert_id = fire(BEGIN)
    alert = call("GET", f"/alerts/{alert_id}").json()
    assert alert["rule_id"] == rule["id"]
    assert alert["status"] == "active"
    assert alert["condition_snapshot"] == {
        "condition": rule["condition"],
        "figures": {"events": 1},
        "issues": [],
    }
    assert alert["triggered_at"] == "2026-11-20T12:00:00Z"
    again = call("GET", f"/projects/{tenant.project.id}/alert-rules/{rule['id']}").json()
    assert again["last_fired_at"] == alert["triggered_at"]


def test_a_rule_keeps_quiet_for_its_cooldown(fire: Any) -> None:
    assert fire(BEGIN)
    assert fire(minutes(9)) is None
    assert fire(minutes(10))


@pytest.mark.parametrize(
    "change", [{"enabled": False}, {"muted_until": "2026-11-20T12:05:00Z"}], ids=["off", "muted"]
)
def test_a_rule_that_is_off_or_muted_raises_nothing(
    call: Any, fire: Any, rule: Any, tenant: Tenant, change: dict[str, Any]
) -> None:
    path = f"/projects/{tenant.project.id}/alert-rules/{rule['id']}"
    assert call("PATCH", path, scope="admin", json=change).is_success
    assert fire(BEGIN) is None
    assert bool(fire(minutes(5))) == ("muted_until" in change)


def test_nodes_that_see_a_condition_met_at_once_raise_one_alert(client: Client, rule: Any) -> None:
    async def all_at_once() -> list[Any]:
        raising = (raise_alert(client.resources.engine, rule["id"]) for _ in range(5))
        return await asyncio.gather(*raising)

    raised = client.call(all_at_once)
    assert len([alert for alert in raised if alert]) == 1


def test_alerts_are_listed_latest_first_by_status_and_page(
    call: Any, fire: Any, tenant: Tenant
) -> None:
    raised = [str(fire(minutes(10 * number))) for number in range(3)]
    call("POST", f"/alerts/{raised[1]}/acknowledge", scope="write")
    for path in (f"/projects/{tenant.project.id}", f"/organizations/{tenant.org_id}"):

        def ids(path: str = path, **params: Any) -> list[str]:
            listed = call("GET", f"{path}/alerts", params=params).json()
            return [alert["id"] for alert in listed["items"]]

        assert ids() == raised[::-1]
        assert ids(status="active") == [raised[2], raised[0]]
        assert ids(status="acknowledged") == [raised[1]]
        cursor = call("GET", f"{path}/alerts", params={"limit": 2}).json()["next_cursor"]
        assert ids(limit=2, cursor=cursor) == raised[:1]


def test_an_alert_is_acknowledged_and_resolved_once_by_somebody(
    call: Any, fire: Any, tenant: Tenant
) -> None:
    alert_id = fire(BEGIN)
    taken = call("POST", f"/alerts/{alert_id}/acknowledge", scope="write").json()
    assert (taken["status"], taken["acknowledged_by"]) == ("acknowledged", str(tenant.user_id))
    assert call("POST", f"/alerts/{alert_id}/acknowledge", scope="write").status_code == 409
    ended = call("POST", f"/alerts/{alert_id}/resolve", scope="write").json()
    assert (ended["status"], ended["resolved_by"]) == ("resolved", str(tenant.user_id))
    assert ended["acknowledged_at"] == taken["acknowledged_at"]
    assert call("POST", f"/alerts/{alert_id}/resolve", scope="write").status_code == 409
    assert call("POST", f"/alerts/{alert_id}/acknowledge", scope="write").status_code == 409
