"""``mesher scrub`` and ``mesher person`` as they are typed."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from mesher.storage.connection import connect
from mesher.values.ingest_settings import IngestSettings
from serving import Client, client  # noqa: F401 - a fixture
from tenants import store_events

WIDE = {"COLUMNS": "200"}
EVENT = {"message": "password=hunter2", "user": {"id": "4711-eva", "email": "eva@x.example"}}
SHOP = ("--project", "ada-shop")


@pytest.fixture
def mesher(run: Any, database_url: str, client: Client, tmp_path) -> Any:  # noqa: F811 - the fixture
    """Runs a command on a database with one event as it was sent."""
    tenant = client.make_tenant("ada")
    store_events(database_url, tenant.project, EVENT, settings=IngestSettings(scrub=False))

    def command(*arguments: object) -> Any:
        return run(*arguments, MESHER_DATABASE_URL=database_url, **WIDE)

    return command


def messages(database_url: str) -> list[str]:
    with connect(database_url, application_name="test") as conn:
        return [message for (message,) in conn.execute("SELECT message FROM events")]


def test_stored_events_are_scrubbed_after_a_dry_run_has_counted_them(mesher, database_url) -> None:
    tried = mesher("scrub", *SHOP, "--dry-run")
    assert tried.returncode == 0, tried.stderr
    assert tried.stdout == "1 events looked at; would change: 1 events, 1 issues, 0 feedback\n"
    assert messages(database_url) == ["password=hunter2"]

    done = mesher("scrub", *SHOP, "--since", "2026-11-01")
    assert done.stdout == "1 events looked at; changed: 1 events, 1 issues, 0 feedback\n"
    assert messages(database_url) == ["password=[Filtered]"]


def test_a_person_is_found_exported_and_erased_with_a_record(
    mesher, database_url, tmp_path
) -> None:
    eva = ("--email", "eva@x.example")
    found = mesher("person", "find", *SHOP, *eva)
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("1 events in 1 issues, 0 attachments, 0 feedback\nreceived from")

    file = tmp_path / "person.jsonl.gz"
    mesher("person", "export", *SHOP, *eva, "--output", file)
    assert json.loads(gzip.decompress(file.read_bytes()))["payload"]["user"] == EVENT["user"]
    assert file.stat().st_mode & 0o777 == 0o600
    again = mesher("person", "export", *SHOP, *eva, "--output", file)
    assert (again.returncode, "File exists" in again.stderr) == (1, True)

    erased = mesher("person", "erase", *SHOP, *eva, "--yes")
    assert erased.stdout.startswith("erased: 1 events")
    assert messages(database_url) == []

    recorded = mesher("person", "actions", *SHOP, *eva).stdout
    assert [word for word in recorded.split() if word in {"find", "export", "erase"}] == [
        "erase",
        "export",
        "find",
    ]
    assert "cli:" in recorded
    assert "find" not in mesher("person", "actions", *SHOP, "--id", "nobody").stdout


def test_erasing_asks_first(mesher, database_url) -> None:
    asked = mesher("person", "erase", *SHOP, "--id", "4711-eva")
    assert asked.returncode == 1
    assert messages(database_url) == ["password=hunter2"]


def test_a_project_that_is_not_there_is_named(mesher) -> None:
    answer = mesher("person", "find", "--project", "nowhere", "--id", "x")
    assert answer.returncode == 1
    assert "'nowhere'" in answer.stderr
