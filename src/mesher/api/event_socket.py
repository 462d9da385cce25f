"""Sending events over a WebSocket: one in JSON a message, each acknowledged once it is on disk."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import msgspec
from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect

from mesher.ingest.exchange import Answer, Exchange, IngestRequest
from mesher.resources import resources_of

PATH: Final = "/api/v1/events"
# On their way to the disk at a time; then the next is read when one is acknowledged. One flush takes as
# many together, and a client that sends without end holds no more of its events in memory.
MAX_UNACKNOWLEDGED: Final = 64
# Of the handshake's headers, those that say who sends.
_HEADERS: Final = frozenset(
    {"authorization", "x-sentry-auth", "x-forwarded-for", "user-agent", "origin", "referer"}
)


async def send_events(socket: WebSocket[Any, Any, Any]) -> None:
    """
    Take events until the client leaves.

    Each message is what ``POST /api/v1/events`` takes, and is answered, in the order in which they came, by
    what it would answer and its ``status``.
    """
    await socket.accept()
    resources = resources_of(socket)
    request = _request(socket)
    exchange = Exchange(resources.receiver)
    waiting: asyncio.Queue[asyncio.Task[Answer]] = asyncio.Queue(MAX_UNACKNOWLEDGED)
    acknowledging = asyncio.create_task(_acknowledge(socket, waiting))
    try:
        while not acknowledging.done():
            message = await socket.receive_data("text")
            body = message.encode() if isinstance(message, str) else message
            request = request._replace(began=time.perf_counter())
            await waiting.put(asyncio.create_task(exchange.answer(request, body)))
    except WebSocketDisconnect:
        pass
    finally:
        acknowledging.cancel()
        await asyncio.gather(acknowledging, return_exceptions=True)


async def _acknowledge(
    socket: WebSocket[Any, Any, Any], waiting: asyncio.Queue[asyncio.Task[Answer]]
) -> None:
    while True:
        answer = await (await waiting.get())
        content = msgspec.json.decode(answer.body)
        retry_after = dict(answer.headers).get(b"retry-after")
        if retry_after is not None:
            content["retry_after_seconds"] = int(retry_after)
        acknowledgement = msgspec.json.encode({"status": answer.status, **content})
        await socket.send_text(acknowledgement.decode())


def _request(socket: WebSocket[Any, Any, Any]) -> IngestRequest:
    return IngestRequest(
        method="POST",
        path=PATH,
        query_string=socket.scope["query_string"].decode("latin-1"),
        headers={name: value for name, value in socket.headers.items() if name.lower() in _HEADERS},
        peer_ip=socket.client.host if socket.client else "",
        began=time.perf_counter(),
    )
