"""The real application, asked over ASGI without a socket: fixtures for ``api`` and ``web``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from mesher.accounts.client_address import Network
from mesher.app import make_app
from mesher.resources import Oidc, Resources, open_resources
from mesher.secret_box import SecretBox
from mesher.types import Role
from tenants import Tenant, make_tenant

URL = "https://mesher.example"


class Client:
    """Sends requests to the application; each test is a browser of its own."""

    def __init__(self, portal: BlockingPortal, resources: Resources) -> None:
        self._portal = portal
        self.resources = resources
        self.cookies = httpx.Cookies()
        self.app = make_app(resources)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request; redirects are not followed."""
        return self._portal.call(self._request, method, path, options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def make_tenant(self, name: str, *, role: Role = "owner") -> Tenant:
        return self.call(partial(make_tenant, self.resources.engine, name, role=role))

    def call(self, function: Any, *arguments: Any) -> Any:
        """Run an async function where the application runs."""
        return self._portal.call(function, *arguments)

    async def request_here(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The same as ``request``, for functions that run where the application runs."""
        return await self._request(method, path, options)

    async def _request(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, client=("192.0.2.7", 1))
        async with httpx.AsyncClient(
            transport=transport, base_url=URL, cookies=self.cookies
        ) as client:
            response = await client.request(method, path, **options)
            self.cookies = client.cookies
            return response


@contextmanager
def serve(
    database_url: str,
    data_dir: Path,
    trusted_proxies: Sequence[Network] = (),
    *,
    oidc: Oidc | None = None,
) -> Iterator[Client]:
    """The application in a thread of its own."""
    opening = open_resources(
        database_url=database_url,
        data_dir=data_dir,
        shards=[data_dir / "journal" / "000"],
        journal_max_bytes=10**9,
        secret_box=SecretBox(data_dir),
        url=URL,
        web_processes=1,
        trusted_proxies=trusted_proxies,
        oidc=oidc,
    )
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(opening) as resources,
    ):
        yield Client(portal, resources)


@pytest.fixture
def client(database_url: str, tmp_path: Path) -> Iterator[Client]:
    """The application over an empty, migrated database."""
    with serve(database_url, tmp_path) as found:
        yield found
