"""
The ingest endpoints: HTTP in, HTTP out, nothing else.

Plain ASGI rather than the framework's routes, because a request here should cost little more than
its append to the journal. The table at the top is the index.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

import msgspec
import structlog

from mesher.errors import MesherError, ProtocolError, RateLimited, TooLarge, Unavailable
from mesher.ingest.receive import Received, Receiver
from mesher.ingest.submission import Submission
from mesher.protocol.limits import MAX_REQUEST_BYTES
from mesher.protocol.outcomes import RateLimit, rate_limits_header

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Handler = Callable[[Receiver, Submission], Awaitable["Response"]]

# SDKs give up after 2 s (Ruby) to 30 s (Python, Java, Go); a body that takes longer never ends.
BODY_TIMEOUT_SECONDS = 30

log = structlog.get_logger(__name__)


class Response(NamedTuple):
    """What goes back, before the headers that every answer carries."""

    status: int
    body: bytes
    content_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()


async def _envelope(receiver: Receiver, request: Submission) -> Response:
    return _sdk_answer(await receiver.receive_envelope(request))


async def _store(receiver: Receiver, request: Submission) -> Response:
    return _sdk_answer(await receiver.receive_store(request))


async def _security(receiver: Receiver, request: Submission) -> Response:
    await receiver.receive_security(request)
    return Response(200, b"")


async def _native_event(receiver: Receiver, request: Submission) -> Response:
    received = await receiver.receive_native(request, bulk=False)
    return Response(200, msgspec.json.encode({"id": received.event_ids[0]}))


async def _native_bulk(receiver: Receiver, request: Submission) -> Response:
    received = await receiver.receive_native(request, bulk=True)
    return Response(200, msgspec.json.encode({"ids": received.event_ids}))


# DSNs may have a path in front (hosting below a folder), so the first pattern is not anchored left;
# a slash at the end is optional, and nothing is ever redirected: SDKs do not follow on POST.
_PROJECT_ENDPOINT = re.compile(r"/api/([0-9]{1,18})/(envelope|store|security|csp-report)/?")
_PROJECT_HANDLERS: dict[str, Handler] = {
    "envelope": _envelope,
    "store": _store,
    "security": _security,
    "csp-report": _security,
}
_OTHER_HANDLERS: dict[str, Handler] = {
    "/api/store": _store,  # very old clients: the project comes from the key
    "/tunnel": _envelope,  # a same-origin path for browsers: the project comes from the dsn
    "/api/v1/events": _native_event,
    "/api/v1/events/bulk": _native_bulk,
}

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
    """The ASGI application of the endpoints above."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    @staticmethod
    def matches(scope: Scope) -> bool:
        """Whether the request is for an ingest endpoint; ``GET`` of the native ones is the API's."""
        return _find_handler(scope["path"]) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; every error becomes an answer, none leaves."""
        method = scope["method"]
        if method == "OPTIONS":
            await _send(send, 200, _PREFLIGHT, b"")
            return
        try:
            if method != "POST":
                response = _error_answer(405, f"{method} is not possible here; send POST", "")
            else:
                response = await self._post(scope, receive)
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

    async def _post(self, scope: Scope, receive: Receive) -> Response:
        found = _find_handler(scope["path"])
        if found is None:
            raise ValueError("the application was called for a path that it does not match")
        handler, project_number = found
        headers = _read_headers(scope["headers"])
        client = scope.get("client")
        request = Submission(
            project_number=project_number,
            query_string=scope["query_string"].decode("latin-1"),
            headers=headers,
            peer_ip=client[0] if client else "",
            body=await _read_body(headers, receive),
        )
        return await handler(self._receiver, request)


class _ClientGone(Exception):
    """The client closed the connection before its request was complete."""


def _find_handler(path: str) -> tuple[Handler, int | None] | None:
    if "//" in path:
        path = re.sub("/{2,}", "/", path)
    other = _OTHER_HANDLERS.get(path.rstrip("/"))
    if other is not None:
        return other, None
    start = path.rfind("/api/")
    match = _PROJECT_ENDPOINT.fullmatch(path, start) if start >= 0 else None
    if match is None:
        return None
    return _PROJECT_HANDLERS[match[2]], int(match[1])


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


def _sdk_answer(received: Received) -> Response:
    if not received.event_ids:
        return Response(200, b"{}")
    return Response(200, b'{"id":"%s"}' % received.event_ids[0].encode("ascii"))


def _mesher_error_answer(error: MesherError) -> Response:
    response = _error_answer(error.status, error.message, error.hint, error.field)
    if isinstance(error, RateLimited | Unavailable):
        limit = RateLimit(error.retry_after_seconds, (), "organization", error.code)
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
