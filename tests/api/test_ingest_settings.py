"""What a project lets in: read and changed over the API, and in force in every process after it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from mesher.ingest.digester import ShardDigester
from mesher.ingest.journal_sqlite import SegmentReader
from mesher.ingest.marker import Marker
from mesher.storage.connection import connect
from mesher.storage.ingest_keys import list_ingest_keys
from mesher.storage.kept_settings import list_changed_settings
from serving import Client
from tenants import Tenant

DEFAULTS = {
    "sample_rate": 1.0,
    "window_seconds": 60,
    "project_events_per_window": 600_000,
    "key_events_per_window": 600_000,
    "filter_browser_extensions": False,
    "filter_legacy_browsers": False,
    "filter_web_crawlers": False,
    "filter_localhost": False,
    "filter_releases": [],
    "filter_messages": [],
    "filter_addresses": [],
    "spike_protection": False,
    "spike_factor": 10.0,
    "scrub": True,
    "scrub_keys": [],
    "safe_keys": [],
    "ip_addresses": "keep",
}
PATH = "/projects/ada-shop/ingest-settings"


def test_a_project_begins_with_settings_that_drop_nothing(call: Any, tenant: Tenant) -> None:
    assert call("GET", PATH, scope="admin").json() == DEFAULTS


def test_a_change_leaves_what_it_does_not_name(call: Any, tenant: Tenant) -> None:
    call("PATCH", PATH, scope="admin", json={"filter_addresses": ["10.0.0.0/8"]})
    changed = call("PATCH", PATH, scope="admin", json={"sample_rate": 0.25})

    expected = {**DEFAULTS, "filter_addresses": ["10.0.0.0/8"], "sample_rate": 0.25}
    assert (changed.status_code, changed.json()) == (200, expected)
    assert call("GET", PATH, scope="admin").json() == expected


def test_a_change_is_what_receive_and_digest_read_next(
    client: Client, call: Any, tenant: Tenant, database_url: str
) -> None:
    call("PATCH", PATH, scope="admin", json={"sample_rate": 0.5, "filter_localhost": True})

    async def keys() -> Any:
        async with client.resources.engine.connect() as conn:
            return await list_ingest_keys(conn)

    [key] = client.call(keys)
    with connect(database_url, application_name="test") as conn:
        [(project_id, settings)] = list_changed_settings(conn).items()
    assert project_id == tenant.project.id
    assert key.settings == settings
    assert (settings.sample_rate, settings.filter_localhost) == (0.5, True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sample_rate": 1.5}, "sample_rate"),
        ({"window_seconds": 0}, "window_seconds"),
        ({"key_events_per_window": -1}, "key_events_per_window"),
        ({"filter_localhost": "yes"}, "filter_localhost"),
        ({"filter_releases": ["1.*", ""]}, "filter_releases[1]"),
        ({"filter_messages": ["x"] * 101}, "filter_messages"),
        ({"filter_addresses": ["10.0.0.0/40"]}, "filter_addresses"),
        ({"sample_rate": 0.5, "sampel_rate": 0.5}, "sampel_rate"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_value_that_does_not_fit_is_refused_by_its_name_and_nothing_is_changed(
    call: Any, tenant: Tenant, change: dict[str, Any], field: str
) -> None:
    answer = call("PATCH", PATH, scope="admin", json=change)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert call("GET", PATH, scope="admin").json() == DEFAULTS


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
def test_a_body_that_is_no_object_is_refused(call: Any, tenant: Tenant, body: bytes) -> None:
    assert call("PATCH", PATH, scope="admin", content=body).status_code == 400


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_only_a_token_of_scope_admin_may(call: Any, tenant: Tenant, method: str) -> None:
    assert call(method, PATH, scope="write", content=b"{}").status_code == 403
    assert call(method, PATH, scope="admin", content=b"{}").status_code == 200


def test_a_running_process_follows_a_change_within_seconds_and_the_ledger_says_what_it_did(
    client: Client, call: Any, tenant: Tenant, database_url: str, tmp_path: Path
) -> None:
    path = f"/api/{tenant.project.number}/store/?sentry_key={tenant.public_key}"
    deadline = time.monotonic() + 30
    while client.post(path, content=b"{}").status_code == 403:
        assert time.monotonic() < deadline, "the key is not known"
        time.sleep(0.1)
    call("PATCH", PATH, scope="admin", json={"key_events_per_window": 0})
    kept = 1
    while client.post(path, content=b"{}").status_code == 200:
        kept += 1
        assert time.monotonic() < deadline, "the change is not in force"
        time.sleep(0.1)

    ledger: dict[tuple[str, str], int] = {}
    shard = tmp_path / "journal" / "000"
    with connect(database_url, application_name="test") as conn:
        digester = ShardDigester(SegmentReader(shard), Marker(shard / "in-hand"))
        while ("dropped", "rate_limited") not in ledger:
            assert time.monotonic() < deadline, "the refusal is not in the journal"
            digester.digest_next(conn)
            rows = call("GET", "/projects/ada-shop/outcomes", scope="read").json()["items"]
            ledger = {(row["outcome"], row["reason"]): row["quantity"] for row in rows}
        digester.close()
    assert ledger == {
        ("accepted", ""): kept + 1,
        ("stored", ""): kept,
        ("dropped", "rate_limited"): 1,
    }
