"""One tenant with some events, and requests as its members make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from serving import Client, client  # noqa: F401 - a fixture
from tenants import Tenant, store_events

Call = Callable[..., httpx.Response]


@pytest.fixture
def tenant(client: Client) -> Tenant:  # noqa: F811 - the fixture
    return client.make_tenant("ada")


@pytest.fixture
def call(client: Client, tenant: Tenant) -> Call:  # noqa: F811 - the fixture
    """A request below ``/api/v1`` with a token of the tenant."""

    def request(
        method: str,
        path: str,
        *,
        scope: str = "write",
        headers_more: dict[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {tenant.tokens[scope]}", **(headers_more or {})}
        return client.request(method, f"/api/v1{path}", headers=headers, **options)

    return request


@pytest.fixture
def store(database_url: str, tenant: Tenant) -> Callable[..., list[str]]:
    """Stores events of the tenant, one second apart, and returns their ids."""

    def run(*payloads: dict[str, Any], **options: Any) -> list[str]:
        return store_events(database_url, tenant.project, *payloads, **options)

    return run
