"""The real application, asked over ASGI without a socket: fixtures for ``api`` and ``web``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from litestar.routes import HTTPRoute, WebSocketRoute

from mesher.accounts.client_address import Network
from mesher.alerting.channels import Channels
from mesher.app import make_app, pages_and_api
from mesher.resources import Oidc, Resources, open_resources
from mesher.secret_box import SecretBox
from mesher.types import Role
from tenants import Tenant, make_tenant

URL = "https://mesher.example"


# In the place of a method.
SOCKET = "WS"
# What is added to an HTTP status when a socket is closed.
SOCKET_STATUS = 4000


class Client:
    """Sends requests to the application; each test is a browser of its own."""

    def __init__(self, portal: BlockingPortal, resources: Resources) -> None:
        self.portal = portal
        self.resources = resources
        self.cookies = httpx.Cookies()
        self.app = make_app(resources)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request; redirects are not followed."""
        return self.portal.call(self._request, method, path, options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def make_tenant(self, name: str, *, role: Role = "owner") -> Tenant:
        return self.call(partial(make_tenant, self.resources.engine, name, role=role))

    def call(self, function: Any, *arguments: Any) -> Any:
        """Run an async function where the application runs."""
        return self.portal.call(function, *arguments)

    async def request_here(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The same as ``request``, for functions that run where the application runs."""
        return await self._request(method, path, options)

    async def _request(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        if method == SOCKET or (path.startswith("/api/") and path.endswith("/live")):
            return await glance(self.app, method, path, options.get("headers", {}), self.cookies)
        transport = httpx.ASGITransport(app=self.app, client=("192.0.2.7", 1))
        async with httpx.AsyncClient(
            transport=transport, base_url=URL, cookies=self.cookies
        ) as client:
            response = await client.request(method, path, **options)
            self.cookies = client.cookies
            return response


def all_routes() -> list[tuple[str, Any, Any]]:
    """Method, route and handler of all addresses of the application; a WebSocket's is ``SOCKET``."""
    found: list[tuple[str, Any, Any]] = []
    for route in pages_and_api().routes:
        if isinstance(route, WebSocketRoute):
            found.append((SOCKET, route, route.route_handler))
        elif isinstance(route, HTTPRoute):
            found += [
                (method, route, handler)
                for handler in route.route_handlers
                for method in sorted(handler.http_methods)
                if method != "OPTIONS"
            ]
    return found


async def glance(
    app: Any, method: str, path: str, headers: dict[str, str], cookies: httpx.Cookies
) -> httpx.Response:
    """
    The beginning of an answer that would go on until the client leaves, and then it leaves.

    Of a WebSocket the status is what the first message or the code of the end says.
    """
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    sent = {"host": "testserver", "origin": URL, **headers} | ({"cookie": cookie} if cookie else {})
    scope = {
        "type": "websocket" if method == SOCKET else "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
        "client": ("192.0.2.7", 1),
        "server": ("testserver", 80),
        "subprotocols": [],
        "extensions": {},
        "state": {},
    }
    if method != SOCKET:
        scope["method"] = method
    begin = {"type": "websocket.connect"} if method == SOCKET else {"type": "http.request"}
    kind = "websocket" if method == SOCKET else "http"
    leave = {"type": f"{kind}.disconnect", "code": 1001}
    received, has_seen = [begin], asyncio.Event()
    status, body = 200, b""

    async def receive() -> Any:
        if received:
            return received.pop()
        await has_seen.wait()
        return leave

    async def send(message: Any) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"") or str(message.get("text", "")).encode()
        if message["type"] == "websocket.close" and message["code"] > SOCKET_STATUS:
            status = message["code"] - SOCKET_STATUS
        if message["type"] != "websocket.accept" or path == "/ws/events":
            has_seen.set()

    await app(scope, receive, send)
    return httpx.Response(status, content=body)


@contextmanager
def serve(
    database_url: str,
    data_dir: Path,
    trusted_proxies: Sequence[Network] = (),
    *,
    oidc: Oidc | None = None,
    sends_mail: bool = False,
    allowed: Sequence[Network] = (),
) -> Iterator[Client]:
    """The application in a thread of its own."""
    opening = open_resources(
        database_url=database_url,
        data_dir=data_dir,
        shards=[data_dir / "journal" / "000"],
        journal_max_bytes=10**9,
        secret_box=SecretBox(data_dir),
        channels=Channels(mailer=None, box=SecretBox(data_dir), url=URL, allowed=allowed),
        url=URL,
        web_processes=1,
        trusted_proxies=trusted_proxies,
        oidc=oidc,
        sends_mail=sends_mail,
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
