"""
What a request to an ingest endpoint is told: HTTP's values in and out, whoever carries them.

A plain function rather than the framework's routes, because a request here should cost little more
than its append to the journal. The table of endpoints is in ``endpoints``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import structlog

from mesher import metrics
from mesher.errors import MesherError, RateLimited, TooLarge, Unavailable
from mesher.ingest.endpoints import Endpoint, Response, find_endpoint
from mesher.ingest.receive import Receiver
from mesher.ingest.submission import Submission
from mesher.protocol.outcomes import RateLimit, rate_limits_header

Headers = list[tuple[bytes, bytes]]

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
]


class IngestRequest(NamedTuple):
    """A request without its body."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]  # names in lower case
    peer_ip: str  # the address of the other end of the connection; may be empty
    began: float  # time.perf_counter() when its head had come


class Answer(NamedTuple):
    """What goes back; whoever carries it adds the length of the body."""

    status: int
    headers: Headers
    body: bytes


class Exchange:
    """The answers of one web process."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def answer(self, request: IngestRequest, body: bytes | MesherError) -> Answer:
        """
        What a request is told; every error becomes an answer, none leaves.

        Args:
            request: to a path that has an endpoint.
            body: as sent; or why it could not be read.
        """
        if request.method == "OPTIONS":
            return Answer(200, _PREFLIGHT, b"")
        found = find_endpoint(request.path)
        if found is None:
            raise ValueError(f"{request.path} has no endpoint")
        endpoint, path_parts = found
        try:
            response = await self._response(endpoint, path_parts, request, body)
        except MesherError as error:
            response = _mesher_error_answer(error)
        except Exception:
            log.exception("ingest_failed", path=request.path)
            response = _error_answer(500, "Mesher failed on this request; its log says why", "")
        metrics.requests(endpoint.name, response.status).observe(
            time.perf_counter() - request.began
        )
        return Answer(
            response.status,
            [(b"content-type", response.content_type), *response.headers, *_CORS],
            response.body,
        )

    async def _response(
        self,
        endpoint: Endpoint,
        path_parts: Mapping[str, str],
        request: IngestRequest,
        body: bytes | MesherError,
    ) -> Response:
        if request.method not in endpoint.methods:
            return _wrong_method_answer(request.method, endpoint)
        project = path_parts.get("project")
        submission = Submission(
            project_number=int(project) if project else None,
            query_string=request.query_string,
            headers=request.headers,
            peer_ip=request.peer_ip,
            path_parts=path_parts,
            method=request.method,
            body=body if isinstance(body, bytes) else b"",
        )
        if isinstance(body, TooLarge):
            await self._receiver.refuse_unread(submission)
        if isinstance(body, MesherError):
            raise body
        return await endpoint.handler(self._receiver, submission)


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
