"""
The table of the ingest endpoints: which path and method is which act, and what it answers.

DSNs may have a path in front (hosting below a folder), so paths are matched at their end; a slash at
the end is optional, and nothing is ever redirected: SDKs do not follow on POST.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from mesher.errors import NotFound, ProtocolError
from mesher.ingest.receive import Received, Receiver
from mesher.ingest.receive_feedback import (
    ERROR_PAGE_SCRIPT,
    receive_error_page,
    receive_user_report,
)
from mesher.ingest.receive_files import receive_attachments, receive_minidump
from mesher.ingest.receive_plain import count_not_kept, receive_check_in, receive_store_query
from mesher.ingest.submission import Submission


class Response(NamedTuple):
    """What goes back, before the headers that every answer carries."""

    status: int
    body: bytes
    content_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Endpoint(NamedTuple):
    """One act and the methods that ask for it."""

    name: str
    handler: Callable[[Receiver, Submission], Awaitable[Response]]
    methods: tuple[str, ...] = ("POST",)


async def _envelope(receiver: Receiver, request: Submission) -> Response:
    return _sdk_answer(await receiver.receive_envelope(request))


async def _store(receiver: Receiver, request: Submission) -> Response:
    if request.method == "GET":
        await receive_store_query(receiver, request)
        return Response(200, _PIXEL, b"image/gif")
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


async def _attachments(receiver: Receiver, request: Submission) -> Response:
    await receive_attachments(receiver, request)
    return Response(201, b"")


async def _minidump(receiver: Receiver, request: Submission) -> Response:
    event_id = uuid.UUID(await receive_minidump(receiver, request))
    return Response(200, str(event_id).encode("ascii"), b"text/plain")


async def _user_report(receiver: Receiver, request: Submission) -> Response:
    report = await receive_user_report(receiver, request)
    return Response(200, msgspec.json.encode({**report._asdict(), "event_id": report.event_id.hex}))


async def _error_page(receiver: Receiver, request: Submission) -> Response:
    await receive_error_page(receiver, request)
    if request.method == "POST":
        return Response(200, b"{}")
    return Response(
        200,
        ERROR_PAGE_SCRIPT,
        b"text/javascript; charset=utf-8",
        ((b"x-content-type-options", b"nosniff"),),
    )


async def _check_in(receiver: Receiver, request: Submission) -> Response:
    await receive_check_in(receiver, request)
    return Response(202, b"")


async def _network_errors(receiver: Receiver, request: Submission) -> Response:
    await count_not_kept(receiver, request, "nel")
    return Response(200, b"")


async def _traces(receiver: Receiver, request: Submission) -> Response:
    await count_not_kept(receiver, request, "span")
    return Response(200, b"{}")


async def _logs(receiver: Receiver, request: Submission) -> Response:
    await count_not_kept(receiver, request, "log")
    return Response(200, b"{}")


async def _no_project(_: Receiver, __: Submission) -> Response:
    raise ProtocolError(
        "the path does not name a project by its number",
        hint="copy the DSN from the project's settings",
    )


async def _nothing(_: Receiver, __: Submission) -> Response:
    raise NotFound("there is nothing at this address; SDKs send to the envelope endpoint")


def _sdk_answer(received: Received) -> Response:
    if not received.event_ids:
        return Response(200, b"{}")
    return Response(200, b'{"id":"%s"}' % received.event_ids[0].encode("ascii"))


# One transparent pixel, which old clients show as an image to send an event.
_PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
_SECURITY = Endpoint("security", _security)
_STORE = Endpoint("store", _store, ("GET", "POST"))
_ENVELOPE = Endpoint("envelope", _envelope)
# What nearly all requests are for, found first.
_OFTEN = re.compile(r"/api/([0-9]{1,18})/(envelope|store|security|csp-report)/?")
_OFTEN_ENDPOINTS = {
    "envelope": _ENVELOPE,
    "store": _STORE,
    "security": _SECURITY,
    "csp-report": _SECURITY,
}
_FIXED_PATHS = {
    "/api/store": _STORE,  # very old clients: the project comes from the key
    "/tunnel": _ENVELOPE,  # a same-origin path for browsers: the project comes from the dsn
    "/api/v1/events": Endpoint("native_event", _native_event),
    "/api/v1/events/bulk": Endpoint("native_bulk", _native_bulk),
}
_CHECK_IN = Endpoint("check_in", _check_in, ("GET", "POST"))
_PROJECT = r".*/api/(?P<project>[0-9]{1,18})"
_SELDOM: list[tuple[re.Pattern[str], Endpoint]] = [
    (re.compile(pattern), endpoint)
    for pattern, endpoint in [
        (
            _PROJECT + r"/events/(?P<event_id>[0-9A-Fa-f-]+)/attachments",
            Endpoint("attachments", _attachments),
        ),
        (_PROJECT + r"/minidump", Endpoint("minidump", _minidump)),
        (_PROJECT + r"/cron/(?P<slug>[^/]+)(?:/(?P<key>[^/]+))?", _CHECK_IN),
        (r".*/cron/(?P<slug>[^/]+)/(?P<key>[0-9a-f]{32})", _CHECK_IN),
        (_PROJECT + r"/nel", Endpoint("nel", _network_errors)),
        (_PROJECT + r"/integration/otlp/v1/traces", Endpoint("otlp_traces", _traces)),
        (_PROJECT + r"/integration/otlp/v1/logs", Endpoint("otlp_logs", _logs)),
        # The slugs are for people: the key says which project it is.
        (
            r".*/api/0/projects/[^/]+/[^/]+/user-feedback",
            Endpoint("user_report", _user_report),
        ),
        (r".*/api/embed/error-page", Endpoint("error_page", _error_page, ("GET", "POST"))),
        # Below: wrong addresses, told in the form that SDKs and browsers read; /api/0/ is not theirs.
        (
            r".*/api/[^/]+/(?:envelope|store|security|csp-report|minidump)",
            Endpoint("no_project", _no_project),
        ),
        (
            r".*/api/[1-9][0-9]{0,17}/.+",
            Endpoint("nothing", _nothing, ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")),
        ),
    ]
]


@lru_cache(maxsize=1024)  # a project's clients all use the same few paths
def find_endpoint(path: str) -> tuple[Endpoint, Mapping[str, str]] | None:
    """The endpoint at a path with the named parts of the path; ``project`` is a number."""
    if "//" in path:
        path = re.sub("/{2,}", "/", path)
    start = path.rfind("/api/")
    match = _OFTEN.fullmatch(path, start) if start >= 0 else None
    if match is not None:
        return _OFTEN_ENDPOINTS[match[2]], {"project": match[1]}
    path = path.rstrip("/")
    fixed = _FIXED_PATHS.get(path)
    if fixed is not None:
        return fixed, {}
    for pattern, endpoint in _SELDOM:
        match = pattern.fullmatch(path)
        if match is not None:
            return endpoint, match.groupdict(default="")
    return None
