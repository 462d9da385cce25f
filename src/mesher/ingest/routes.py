"""
The ingest endpoints as an ASGI application.

The web process's own server asks ``exchange`` without it, save for a request that a client sent
before the answer to its last one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mesher.errors import MesherError, ProtocolError, TooLarge
from mesher.ingest.endpoints import find_endpoint
from mesher.ingest.exchange import Answer, Exchange, IngestRequest
from mesher.ingest.receive import Receiver
from mesher.protocol.limits import MAX_REQUEST_BYTES

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# SDKs give up after 2 s (Ruby) to 30 s (Python, Java, Go); a body that takes longer never ends.
BODY_TIMEOUT_SECONDS = 30


class IngestApp:
    """The ASGI application of the table of endpoints."""

    def __init__(self, receiver: Receiver) -> None:
        self._exchange = Exchange(receiver)

    @staticmethod
    def matches(scope: Scope) -> bool:
        """Whether the request is for an ingest endpoint."""
        return find_endpoint(scope["path"]) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; every error becomes an answer, none leaves."""
        request = IngestRequest(
            method=scope["method"],
            path=scope["path"],
            query_string=scope["query_string"].decode("latin-1"),
            headers={n.decode("latin-1"): v.decode("latin-1") for n, v in scope["headers"]},
            peer_ip=scope["client"][0] if scope.get("client") else "",
            began=time.perf_counter(),
        )
        body: bytes | MesherError
        try:
            # Only a POST is told something that depends on its body.
            body = await _read_body(request.headers, receive) if request.method == "POST" else b""
        except MesherError as error:
            body = error
        except _ClientGone:
            return
        await _send(send, await self._exchange.answer(request, body))


class _ClientGone(Exception):
    """The client closed the connection before its request was complete."""


async def _read_body(headers: dict[str, str], receive: Receive) -> bytes:
    """
    Read the whole body; sized or chunked makes no difference.

    Raises:
        TooLarge: more than ``MAX_REQUEST_BYTES``; told by Content-Length before reading, or counted.
        ProtocolError: it took longer than ``BODY_TIMEOUT_SECONDS``.
    """
    if is_told_too_large(headers):
        raise body_too_large()
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _ClientGone
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                if size > MAX_REQUEST_BYTES:
                    raise body_too_large()
                if not message.get("more_body", False):
                    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
    except TimeoutError as error:
        raise body_too_slow() from error


def is_told_too_large(headers: Mapping[str, str]) -> bool:
    """Whether the head of a request says already that its body is over the limit."""
    length = headers.get("content-length", "")
    return length.isdigit() and int(length) > MAX_REQUEST_BYTES


def body_too_large() -> TooLarge:
    """What is said of a body over the limit."""
    return TooLarge(f"the body is larger than {MAX_REQUEST_BYTES} bytes as sent")


def body_too_slow() -> ProtocolError:
    """What is said of a body that does not come to its end."""
    return ProtocolError(f"the body was not complete after {BODY_TIMEOUT_SECONDS} seconds")


async def _send(send: Send, answer: Answer) -> None:
    headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
