"""One person's data over the API."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tenants import Tenant

EVA = {"id": "4711-eva", "email": "eva@x.example"}
PATH = "/projects/ada-shop/persons"


@pytest.fixture
def filled(store: Any) -> None:
    store({"message": "timeout", "user": EVA}, {"message": "timeout", "user": {"id": "other"}})


def test_a_person_is_found_exported_and_erased(call: Any, filled: None) -> None:
    body = {"email": "EVA@x.example"}

    found = call("POST", f"{PATH}/find", scope="admin", json=body)
    assert (found.status_code, found.json()["events"]) == (200, 1)

    exported = call("POST", f"{PATH}/export", scope="admin", json=body)
    assert exported.headers["content-type"] == "application/gzip"
    [line] = gzip.decompress(exported.content).splitlines()
    assert json.loads(line)["payload"]["user"] == EVA

    erased = call("POST", f"{PATH}/erase", scope="admin", json=body)
    assert erased.json() == {"events": 1, "feedback": 0, "attachments": 0, "issues": 0}
    assert call("POST", f"{PATH}/find", scope="admin", json=body).json()["events"] == 0


def test_what_was_done_is_listed_with_who_did_it(call: Any, filled: None) -> None:
    call("POST", f"{PATH}/erase", scope="admin", json={"user_id": "4711-eva"})

    [action] = call("GET", "/projects/ada-shop/privacy-actions", scope="admin").json()["items"]

    assert (action["action"], action["actor"], action["events"]) == ("erase", "admin", 1)
    assert "4711" not in json.dumps(action["subject_hash"])


@pytest.mark.parametrize("scope", ["read", "write"])
def test_smaller_scopes_are_refused(call: Any, tenant: Tenant, scope: str) -> None:
    for verb in ("find", "export", "erase"):
        answer = call("POST", f"{PATH}/{verb}", scope=scope, json={"user_id": "x"})
        assert answer.status_code == 403
    assert call("GET", "/projects/ada-shop/privacy-actions", scope=scope).status_code == 403


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"user_id":"a","email":"b"}', b'{"name":"x"}', b'{"address":"x"}']
)
def test_a_body_that_names_nobody_is_refused(call: Any, tenant: Tenant, body: bytes) -> None:
    assert call("POST", f"{PATH}/find", scope="admin", content=body).status_code == 400


def test_rules_for_secrets_are_settings_of_the_project(call: Any, tenant: Tenant) -> None:
    path = "/projects/ada-shop/ingest-settings"
    change = {"scrub_keys": ["colour"], "safe_keys": ["token"], "ip_addresses": "shorten"}

    changed = call("PATCH", path, scope="admin", json=change)
    assert changed.status_code == 200
    assert change.items() <= changed.json().items()

    for wrong in ({"scrub_keys": ["-"]}, {"ip_addresses": "some"}, {"safe_keys": ["x" * 101]}):
        assert call("PATCH", path, scope="admin", json=wrong).status_code == 400
