"""
The HTTP server of a web process: uvicorn's protocol, with a shorter way for the ingest endpoints.

A request for a page or the API is served over ASGI, as uvicorn does. One for an ingest endpoint is
answered by ``ingest.exchange`` once its body is complete, without the dictionaries, events and
tasks of ASGI, which cost more than receiving does (docs/decisions/0003-web.md).

Deadlines are looked after once a second for all connections together: a timer for each would be one
more thing to do for every request.
"""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress
from functools import lru_cache
from typing import Any, cast
from urllib.parse import unquote

import structlog
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from mesher.errors import MesherError
from mesher.ingest.endpoints import find_endpoint
from mesher.ingest.exchange import Exchange, IngestRequest
from mesher.ingest.routes import (
    BODY_TIMEOUT_SECONDS,
    body_too_large,
    body_too_slow,
    is_told_too_large,
)
from mesher.protocol.limits import MAX_REQUEST_BYTES

# Cookies and traces of a browser are some kilobytes; the parser itself knows no limit.
MAX_HEAD_BYTES = 64 * 1024
# A body in chunks of a few bytes is sent with this many times as much around it, and no more.
MAX_FRAMING_FACTOR = 8
# A head comes in one piece; who sends it byte by byte, or nothing, holds a connection for nothing.
HEAD_SECONDS = 30.0
# SDKs and browsers send again within seconds or not at all.
KEEP_ALIVE_SECONDS = 30.0
# Who is refused before its body was read goes on sending it for a moment; closing at once would
# take the answer away from it (RFC 9112, section 9.6).
LINGER_SECONDS = 5.0
SWEEP_SECONDS = 1.0
# What is under way when the process is asked to stop has this long, which is longer than a flush.
STOP_SECONDS = 10.0

log = structlog.get_logger(__name__)


async def serve(
    app: Any,
    exchange: Exchange,
    *,
    host: str,
    port: int,
    backlog: int,
    max_connections: int,
    stop: asyncio.Event,
) -> None:
    """
    Serve until asked to stop; then accept no more, and finish what is under way.

    Args:
        app: the ASGI application of everything but the ingest endpoints, and of those for a client
            that does not wait for its answers.
        exchange: answers the ingest endpoints.
        host: to listen on, with ``port``; several processes may listen on the same.
        port: as above.
        backlog: connections that wait to be accepted.
        max_connections: above which a new one is closed again.
        stop: asks.

    Raises:
        OSError: nothing can listen there.
    """
    config = Config(
        app,
        interface="asgi3",
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=MAX_REQUEST_BYTES,
        ws_per_message_deflate=False,  # a quarter of a megabyte for each connection
        log_config=None,
        access_log=False,
        proxy_headers=False,  # whom to believe is decided where an address is used
    )
    config.load()
    serving = _Serving(config, exchange, max_connections)
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(serving), host, port, backlog=backlog, reuse_port=True
    )
    try:
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), SWEEP_SECONDS)
            serving.expire_connections()
    finally:
        server.close()
        await serving.finish()


class _Serving:
    """What the connections of a server share."""

    def __init__(self, config: Config, exchange: Exchange, max_connections: int) -> None:
        self.config = config
        self.exchange = exchange
        self.max_connections = max_connections
        self.state = ServerState()
        self.connections = cast("set[_Connection]", self.state.connections)
        self.last_closed = asyncio.Event()

    def expire_connections(self) -> None:
        """Give up on those whose client owes something for too long."""
        now = time.monotonic()
        due = [
            one for one in self.connections if isinstance(one, _Connection) and one.deadline < now
        ]
        for connection in due:
            connection.expire()

    async def finish(self) -> None:
        """Wait until what is under way is answered, for ``STOP_SECONDS`` at most."""
        for connection in list(self.connections):
            connection.shutdown()
        if self.connections:
            self.last_closed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.last_closed.wait(), STOP_SECONDS)


class _Request:
    """A request to an ingest endpoint; has what uvicorn's protocol looks at in one of its own."""

    message_event = asyncio.Event()  # set when a client goes away; nobody here waits for it

    def __init__(self, head: IngestRequest, *, keep_alive: bool) -> None:
        self.head = head
        self.keep_alive = keep_alive
        self.chunks: list[bytes] = []
        self.size_bytes = 0
        self.is_complete = False
        self.is_answered = False  # or about to be
        self.response_complete = False
        self.disconnected = False


class _Connection(HttpToolsProtocol):
    """One connection of a client."""

    def __init__(self, serving: _Serving) -> None:
        super().__init__(serving.config, serving.state, {})
        self._serving = serving
        # The request whose bytes come in, where it is one to an ingest endpoint.
        self._incoming: _Request | None = None
        self._sent_bytes = self._body_bytes = 0  # since the last request was complete
        # When the client must have sent what it owes; never while it waits for an answer.
        self.deadline = time.monotonic() + HEAD_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a new connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self._serving.max_connections:
            log.warning("connection_refused", connections=self._serving.max_connections)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        if not self.connections:
            self._serving.last_closed.set()

    def data_received(self, data: bytes) -> None:
        """Read on, within the limits of what surrounds a body."""
        self._sent_bytes += len(data)
        super().data_received(data)
        if self._sent_bytes > MAX_HEAD_BYTES + MAX_FRAMING_FACTOR * self._body_bytes:
            self.send_400_response(f"The head is larger than {MAX_HEAD_BYTES} bytes.")

    def on_headers_complete(self) -> None:
        """Decide who serves the request."""
        self._incoming = None
        self.deadline = math.inf
        url = self.url.decode("latin-1")
        path, _, query = url.partition("?")
        path = unquote(path) if "%" in path else path
        is_busy = self.cycle is not None and not self.cycle.response_complete
        if is_busy or find_endpoint(path) is None:
            super().on_headers_complete()
            return
        head = IngestRequest(
            method=self.parser.get_method().decode("ascii"),
            path=path,
            query_string=query,
            headers={n.decode("latin-1"): v.decode("latin-1") for n, v in self.headers},
            peer_ip=self.client[0] if self.client else "",
            began=time.perf_counter(),
        )
        request = _Request(head, keep_alive=self.parser.should_keep_alive())
        self._incoming = request
        self.cycle = cast("RequestResponseCycle", request)
        self.deadline = time.monotonic() + BODY_TIMEOUT_SECONDS
        if is_told_too_large(head.headers):
            self._refuse(request, body_too_large())
        elif self.expect_100_continue:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Collect a body."""
        self._body_bytes += len(body)
        request = self._incoming
        if request is None:
            super().on_body(body)
        elif not request.is_answered:
            request.chunks.append(body)
            request.size_bytes += len(body)
            if request.size_bytes > MAX_REQUEST_BYTES:
                self._refuse(request, body_too_large())

    def on_message_complete(self) -> None:
        """Answer a request that is complete."""
        self._sent_bytes = self._body_bytes = 0
        request, self._incoming = self._incoming, None
        if request is None:
            super().on_message_complete()
            return
        request.is_complete = True
        if not request.is_answered:
            chunks, request.chunks = request.chunks, []
            self._answer(request, chunks[0] if len(chunks) == 1 else b"".join(chunks))
        elif request.response_complete:  # it was refused, and has had time to read that
            self.transport.close()

    def on_response_complete(self) -> None:
        """Go on after an answer: with the next request, or waiting for it."""
        if self.pipeline:
            super().on_response_complete()
        else:
            self.deadline = time.monotonic() + KEEP_ALIVE_SECONDS
            self.flow.resume_reading()

    def expire(self) -> None:
        """Give up on what the client owes."""
        request = self._incoming
        if request is None or request.is_answered:
            self.transport.close()
        else:
            self._refuse(request, body_too_slow())

    def _refuse(self, request: _Request, error: MesherError) -> None:
        """Answer before the body has come to its end."""
        request.keep_alive = False
        request.chunks = []
        self._answer(request, error)

    def _answer(self, request: _Request, body: bytes | MesherError) -> None:
        request.is_answered = True
        self.deadline = math.inf
        task = self.loop.create_task(self._send_answer(request, body))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _send_answer(self, request: _Request, body: bytes | MesherError) -> None:
        answer = await self._serving.exchange.answer(request.head, body)
        request.response_complete = True
        if self.transport.is_closing():
            return
        head = _response_head(answer.status, tuple(answer.headers), request.keep_alive)
        content = b"" if request.head.method == "HEAD" else answer.body
        self.transport.write(b"%scontent-length: %d\r\n\r\n%s" % (head, len(answer.body), content))
        if request.keep_alive:
            self.on_response_complete()
        elif request.is_complete:
            self.transport.close()
        else:
            self.deadline = time.monotonic() + LINGER_SECONDS


@lru_cache(maxsize=256)  # nearly all answers have one of a few heads
def _response_head(
    status: int, headers: tuple[tuple[bytes, bytes], ...], keep_alive: bool
) -> bytes:
    lines = [b"%s: %s\r\n" % header for header in headers]
    if not keep_alive:
        lines.append(b"connection: close\r\n")
    return STATUS_LINE[status] + b"".join(lines)
