"""One tenant, logged in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from serving import Client, client  # noqa: F401 - a fixture
from tenants import PASSWORD, Tenant, store_events


@pytest.fixture
def tenant(client: Client) -> Tenant:  # noqa: F811 - the fixture
    return client.make_tenant("ada")


@pytest.fixture
def browser(client: Client, tenant: Tenant) -> Client:  # noqa: F811 - the fixture
    """The client with the session of the tenant's member."""
    answer = client.post("/login", data={"email": tenant.email, "password": PASSWORD})
    assert answer.status_code == 303
    return client


@pytest.fixture
def store(database_url: str, tenant: Tenant) -> Callable[..., list[str]]:
    """Stores events of the tenant, one second apart, and returns their ids."""

    def run(*payloads: dict[str, Any], **options: Any) -> list[str]:
        return store_events(database_url, tenant.project, *payloads, **options)

    return run
