"""
The ingest endpoints: HTTP in, HTTP out, nothing else.

Plain ASGI rather than the framework's routes, because a request here should cost little more than
its append to the journal. The table of endpoints is in ``endpoints``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import msgspec
import structlog

from mesher import metrics
from mesher.errors import MesherError, ProtocolError, RateLimited, TooLarge, Unavailable
from mesher.ingest.endpoints import Endpoint, Response, find_endpoint
from mesher.ingest.receive import Receiver
from mesher.ingest.submission import Submission
from mesher.protocol.limits import MAX_REQUEST_BYTES
from mesher.protocol.outcomes import RateLimit, rate_limits_header

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# SDKs give up after 2 s (Ruby) to 30 s (Python, Java, Go); a body that takes longer never ends.
BODY_TIMEOUT_SECONDS = 30

log = structlog.get_logger(__name__)

_CORS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"x-sentry-error, x-sentry-rate-limits, retry-after"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
_PREFLIGHT: Headers = [
    *_CORS,
    (b"access-control-allow-methods", b"POST"),
    (
        b"access-control-allow-headers",
        (
            b"x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept,"
            b" content-type, authentication, authorization, content-encoding, transfer-encoding"
        ),
    ),
    (b"access-control-max-age", b"3600"),
    (b"content-length", b"0"),
]


class IngestApp:
    """The ASGI application of the table of endpoints."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    @staticmethod
    def matches(scope: Scope) -> bool:
        """Whether the request is for an ingest endpoint."""
        return find_endpoint(scope["path"]) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; every error becomes an answer, none leaves."""
        method = scope["method"]
        if method == "OPTIONS":
            await _send(send, 200, _PREFLIGHT, b"")
            return
        began = time.perf_counter()
        found = find_endpoint(scope["path"])
        if found is None:
            raise ValueError("the application was called for a path that it does not match")
        endpoint, path_parts = found
        try:
            if method in endpoint.methods:
                response = await self._answer(scope, receive, endpoint, path_parts)
            else:
                response = _wrong_method_answer(method, endpoint)
        except MesherError as error:
            response = _mesher_error_answer(error)
        except _ClientGone:
            return
        except Exception:
            log.exception("ingest_failed", path=scope["path"])
            response = _error_answer(500, "Mesher failed on this request; its log says why", "")
        headers: Headers = [
            (b"content-type", response.content_type),
            (b"content-length", b"%d" % len(response.body)),
            *response.headers,
            *_CORS,
        ]
        await _send(send, response.status, headers, response.body)
        metrics.requests(endpoint.name, response.status).observe(time.perf_counter() - began)

    async def _answer(
        self, scope: Scope, receive: Receive, endpoint: Endpoint, path_parts: Mapping[str, str]
    ) -> Response:
        headers = _read_headers(scope["headers"])
        try:
            body = await _read_body(headers, receive)
        except TooLarge:
            await self._receiver.refuse_unread(_submission(scope, headers, path_parts, b""))
            raise
        request = _submission(scope, headers, path_parts, body)
        return await endpoint.handler(self._receiver, request)


def _submission(
    scope: Scope, headers: dict[str, str], path_parts: Mapping[str, str], body: bytes
) -> Submission:
    client = scope.get("client")
    project = path_parts.get("project")
    return Submission(
        project_number=int(project) if project else None,
        query_string=scope["query_string"].decode("latin-1"),
        headers=headers,
        peer_ip=client[0] if client else "",
        path_parts=path_parts,
        method=scope["method"],
        body=body,
    )


class _ClientGone(Exception):
    """The client closed the connection before its request was complete."""


def _read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}


async def _read_body(headers: dict[str, str], receive: Receive) -> bytes:
    """
    Read the whole body; sized or chunked makes no difference.

    Raises:
        TooLarge: more than ``MAX_REQUEST_BYTES``; told by Content-Length before reading, or counted.
        ProtocolError: it took longer than ``BODY_TIMEOUT_SECONDS``.
    """
    if headers.get("content-length", "").isdigit() and int(headers["content-length"]) > (
        MAX_REQUEST_BYTES
    ):
        raise _too_large()
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
                    raise _too_large()
                if not message.get("more_body", False):
                    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
    except TimeoutError as error:
        raise ProtocolError(
            f"the body was not complete after {BODY_TIMEOUT_SECONDS} seconds"
        ) from error


def _too_large() -> TooLarge:
    return TooLarge(f"the body is larger than {MAX_REQUEST_BYTES} bytes as sent")


def _wrong_method_answer(method: str, endpoint: Endpoint) -> Response:
    methods = ", ".join(endpoint.methods)
    answer = _error_answer(405, f"{method} is not possible here; send {methods}", "")
    return answer._replace(headers=(*answer.headers, (b"allow", methods.encode("ascii"))))


def _mesher_error_answer(error: MesherError) -> Response:
    response = _error_answer(error.status, error.message, error.hint, error.field)
    if isinstance(error, RateLimited | Unavailable):
        limit = RateLimit(error.retry_after_seconds, (), "organization", error.code)
        if isinstance(error, RateLimited):
            reason = f"{error.scope}_quota"
            limit = RateLimit(error.retry_after_seconds, error.categories, error.scope, reason)
        return response._replace(
            headers=(
                *response.headers,
                (b"retry-after", b"%d" % limit.seconds),
                (b"x-sentry-rate-limits", rate_limits_header([limit]).encode("ascii")),
            )
        )
    return response


def _error_answer(status: int, message: str, hint: str, field: str = "") -> Response:
    body: dict[str, Any] = {"detail": message, "causes": [hint] if hint else []}
    if field:
        body["field"] = field
    # A header value may not hold line breaks or characters outside Latin-1, and inputs are quoted.
    plain = message.encode("ascii", "replace").replace(b"\r", b" ").replace(b"\n", b" ")
    return Response(status, msgspec.json.encode(body), headers=((b"x-sentry-error", plain),))


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
