"""The alert rules of a project over the API."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from sqlalchemy import text

from mesher.accounts.sealed_actions import open_action
from mesher.storage.database import reading
from mesher.types import AlertCondition
from mesher.values.alert_action import AlertAction, Apprise, Webhook
from serving import Client
from tenants import Tenant, raise_alert

DOCUMENT = Path(__file__).parents[2] / "docs" / "alerts.md"
NEW_ISSUE = {"condition_type": "new_issue"}
WEBHOOK = {
    "action_type": "webhook",
    "url": "https://user:pass@hooks.example.com:8443/path/T0KEN?key=1",
    "secret": "a secret of the receiver",
}


@pytest.fixture
def path(tenant: Tenant) -> str:
    return f"/projects/{tenant.project.id}/alert-rules"


@pytest.fixture
def create(call: Any, path: str) -> Any:
    def create(**rule: Any) -> Any:
        body = {"name": "New ones", "condition": NEW_ISSUE} | rule
        return call("POST", path, scope="admin", json=body)

    return create


def examples() -> list[Any]:
    blocks = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return [msgspec.json.decode(block) for block in blocks]


def test_a_rule_is_made_listed_changed_and_deleted(call: Any, path: str, create: Any) -> None:
    made = create(cooldown_minutes=5)
    assert made.status_code == 201
    rule = made.json()
    assert (rule["name"], rule["condition"], rule["actions"]) == (
        "New ones",
        NEW_ISSUE | {"filters": {}},
        [],
    )
    assert (rule["enabled"], rule["cooldown_minutes"], rule["last_fired_at"]) == (True, 5, None)
    assert call("GET", path).json()["items"] == [rule]
    assert call("GET", f"{path}/{rule['id']}").json() == rule

    changed = call("PATCH", f"{path}/{rule['id']}", scope="admin", json={"enabled": False})
    assert changed.json() == rule | {"enabled": False}
    assert call("DELETE", f"{path}/{rule['id']}", scope="admin").status_code == 204
    assert call("GET", f"{path}/{rule['id']}").status_code == 404


def test_rules_are_listed_page_by_page(call: Any, path: str, create: Any) -> None:
    made = [create(name=f"rule {number}").json()["id"] for number in range(3)]
    first = call("GET", path, params={"limit": 2}).json()
    rest = call("GET", path, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [rule["id"] for rule in first["items"] + rest["items"]] == made
    assert rest["next_cursor"] is None


def test_the_document_shows_each_condition_and_each_action_once_or_more() -> None:
    shown = {example["condition"]["condition_type"] for example in examples()}
    assert shown == {kind.__struct_config__.tag for kind in get_args(AlertCondition)}
    actions = {
        action["action_type"] for example in examples() for action in example.get("actions", [])
    }
    assert actions == {"email", "webhook", "apprise"}


@pytest.mark.parametrize("example", examples(), ids=lambda example: str(example["name"]))
def test_each_rule_of_the_document_is_taken_as_it_stands_there(
    create: Any, example: dict[str, Any]
) -> None:
    made = create(**example)
    assert made.status_code == 201, made.text
    for name, value in example["condition"].items():
        assert made.json()["condition"][name] == value


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"condition": {"condition_type": "sunspots"}}, "condition"),
        ({"condition": {"condition_type": "threshold", "count": 1}}, "condition"),
        (
            {"condition": {"condition_type": "no_events", "window_minutes": 0}},
            "condition.window_minutes",
        ),
        ({"condition": NEW_ISSUE | {"filters": {"levels": ["loud"]}}}, "condition.filters.levels"),
        ({"condition": NEW_ISSUE | {"filters": {"query": "is:"}}}, ""),
        (
            {"condition": NEW_ISSUE | {"filters": {"assigned_to": "0" * 32}}},
            "condition.filters.assigned_to",
        ),
        (
            {
                "condition": NEW_ISSUE
                | {"filters": {"older_than_hours": 2, "younger_than_hours": 1}}
            },
            "condition.filters.older_than_hours",
        ),
        ({"quiet_hours": {"begin": "22:00", "end": "25:00"}}, "quiet_hours.end"),
        ({"quiet_hours": {"begin": "22:00", "end": "22:00"}}, "quiet_hours.end"),
        (
            {"quiet_hours": {"begin": "22:00", "end": "06:00", "time_zone": "../etc/passwd"}},
            "quiet_hours.time_zone",
        ),
        ({"actions": [{"action_type": "email", "to": ["nobody"]}]}, "actions[0].to"),
        ({"actions": [WEBHOOK | {"secret": "short"}]}, "actions[0].secret"),
        ({"actions": [{"action_type": "kept", "id": "none"}]}, "actions[0].id"),
        ({"cooldown_minutes": -1}, "cooldown_minutes"),
        ({"muted_until": "2026-11-26T10:00:00"}, "muted_until"),
        ({"name": " "}, "name"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused_with_the_place(
    create: Any, call: Any, path: str, rule: dict[str, Any], field: str
) -> None:
    refused = create(**rule)
    assert refused.status_code == 400
    assert refused.json()["field"].startswith(field)
    assert call("GET", path).json()["items"] == []


def test_secrets_of_actions_are_shown_to_nobody_and_read_by_delivery(
    client: Client, call: Any, path: str, create: Any, database_url: str
) -> None:
    slack = {"action_type": "apprise", "url": "slack://TokenA/TokenB/TokenC"}
    made = create(actions=[WEBHOOK, slack, {"action_type": "email", "to": "admins"}])
    shown = [(action["action_type"], action["target"]) for action in made.json()["actions"]]
    assert shown == [
        ("webhook", "https://hooks.example.com:8443"),
        ("apprise", "slack://…"),
        ("email", ""),
    ]

    async def kept() -> AlertAction:
        async with reading(client.resources.engine) as conn:
            row = (await conn.execute(text("SELECT action_json FROM alert_rules"))).one()
        return msgspec.convert(row.action_json, AlertAction)

    stored = client.call(kept)
    for secret in ("pass", "T0KEN", "TokenA", "a secret"):
        assert secret not in made.text + call("GET", path).text
        assert secret not in msgspec.json.encode(stored).decode()
    opened = [open_action(client.resources.secret_box, each) for each in stored.actions[:2]]
    assert opened == [
        Webhook(url=WEBHOOK["url"], secret=WEBHOOK["secret"]),
        Apprise(url="slack://TokenA/TokenB/TokenC"),
    ]


def test_an_action_is_kept_with_its_secret_while_others_are_changed(
    call: Any, path: str, create: Any
) -> None:
    rule = create(actions=[WEBHOOK, {"action_type": "email", "to": "members"}]).json()
    kept = {"action_type": "kept", "id": rule["actions"][0]["id"]}
    mail = {"action_type": "email", "to": ["a@example.com"]}
    changed = call(
        "PATCH", f"{path}/{rule['id']}", scope="admin", json={"actions": [mail, kept]}
    ).json()
    assert changed["actions"][1] == rule["actions"][0]
    assert changed["actions"][0]["to"] == ["a@example.com"]
    assert changed["name"] == rule["name"]


def test_a_rule_is_muted_and_its_quiet_hours_are_taken_away(
    call: Any, path: str, create: Any
) -> None:
    rule = create(quiet_hours={"begin": "22:00", "end": "06:00"}, digest_minutes=10).json()
    assert rule["quiet_hours"]["time_zone"] == "UTC"
    change = {"muted_until": "2030-01-01T00:00:00Z", "quiet_hours": None}
    changed = call("PATCH", f"{path}/{rule['id']}", scope="admin", json=change).json()
    assert changed == rule | change
    assert changed["digest_minutes"] == 10


def test_a_project_has_a_limited_number_of_rules(
    create: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesher.accounts.alert_rules.MAX_RULES", 1)
    assert create().status_code == 201
    assert create().status_code == 409


def test_changes_of_rules_are_written_down(
    call: Any, path: str, create: Any, tenant: Tenant
) -> None:
    rule = create(actions=[WEBHOOK]).json()
    call("PATCH", f"{path}/{rule['id']}", scope="admin", json={"name": "Others"})
    call("DELETE", f"{path}/{rule['id']}", scope="admin")
    log = call("GET", f"/organizations/{tenant.org_id}/audit-log", scope="admin")
    entries = [entry for entry in log.json()["items"] if entry["target"]["kind"] == "alert_rule"]
    assert [entry["action"] for entry in entries] == [
        "alert_rule.deleted",
        "alert_rule.changed",
        "alert_rule.created",
    ]
    assert entries[1]["details"]["changed"] == ["name"]
    assert "secret" not in log.text


def test_the_alerts_of_a_deleted_rule_go_with_it(
    client: Client, call: Any, path: str, create: Any, tenant: Tenant
) -> None:
    rule = create().json()
    client.call(partial(raise_alert, client.resources.engine, rule["id"]))
    assert len(call("GET", f"/projects/{tenant.project.id}/alerts").json()["items"]) == 1
    call("DELETE", f"{path}/{rule['id']}", scope="admin")
    assert call("GET", f"/projects/{tenant.project.id}/alerts").json()["items"] == []
