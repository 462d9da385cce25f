"""Two tenants with events as they were sent, and a connection beside Mesher's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from mesher.storage.connection import connect
from mesher.values.ingest_settings import IngestSettings
from serving import Client, client  # noqa: F401 - a fixture
from tenants import Tenant, store_events

KEEP_ALL = IngestSettings(scrub=False)


@pytest.fixture
def ada(client: Client) -> Tenant:  # noqa: F811 - the fixture
    return client.make_tenant("ada")


@pytest.fixture
def bob(client: Client) -> Tenant:  # noqa: F811 - the fixture
    return client.make_tenant("bob")


@pytest.fixture
def conn(database_url: str) -> Iterator[psycopg.Connection]:
    with connect(database_url, application_name="test") as conn:
        yield conn


@pytest.fixture
def store(database_url: str) -> Callable[..., list[str]]:
    """Stores events of a tenant as they are, secrets included; returns their ids."""

    def run(tenant: Tenant, *payloads: dict[str, Any], **options: Any) -> list[str]:
        return store_events(
            database_url, tenant.project, *payloads, **{"settings": KEEP_ALL, **options}
        )

    return run
