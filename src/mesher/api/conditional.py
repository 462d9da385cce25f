"""
``HEAD`` and ``If-None-Match``, the same for every ``GET`` of pages and the API.

An ``ETag`` is made of the answer's bytes where the handler sets none: it saves the way and not the work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_TAG_BYTES = 12  # two answers of one address with the same tag will not be seen


def with_conditions(app: App, *, is_stream: Callable[[str], bool]) -> App:
    """
    The application with both added.

    Args:
        app: what answers.
        is_stream: whether the answer to a path goes on; then there is no ``HEAD`` and no tag.
    """

    async def conditional(scope: Scope, receive: Any, send: Any) -> None:
        is_http = scope["type"] == "http"
        if not is_http or scope["method"] not in ("GET", "HEAD") or is_stream(scope["path"]):
            await app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"
        inner = {**scope, "method": "GET"} if is_head else scope
        await app(inner, receive, _Answer(scope, send, is_head=is_head).take)

    return conditional


class _Answer:
    """An answer on its way, held until its body has begun."""

    def __init__(self, scope: Scope, send: Any, *, is_head: bool) -> None:
        self._send = send
        self._is_head = is_head
        self._is_api = scope["path"].startswith("/api/v1/")
        self._known = _header(scope["headers"], b"if-none-match")
        self._start: Any = None

    async def take(self, message: Any) -> None:
        """One message of the application."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._start is not None:
            if not more and self._is_api and self._start["status"] == 200:
                body = self._tagged(body)
            await self._send(self._start)
            self._start = None
        if self._is_head:
            body = b""
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    def _tagged(self, body: bytes) -> bytes:
        """The body, or nothing where the client has it."""
        headers: Headers = list(self._start["headers"])
        tag = _header(headers, b"etag")
        if tag is None:
            digest = hashlib.blake2b(body, digest_size=_TAG_BYTES).hexdigest()
            tag = b'"%s"' % digest.encode()
            headers.append((b"etag", tag))
        if self._known is None or not _names(self._known, tag):
            self._start = {**self._start, "headers": headers}
            return body
        kept = [
            one for one in headers if one[0].lower() not in (b"content-length", b"content-type")
        ]
        self._start = {**self._start, "status": 304, "headers": kept}
        return b""


def _header(headers: Any, name: bytes) -> bytes | None:
    found = [value for key, value in headers if key.lower() == name]
    return b", ".join(found) if found else None


def _names(known: bytes, tag: bytes) -> bool:
    """Whether a list of tags has one, by the weak comparison (RFC 9110, section 13.1.2)."""
    if known.strip() == b"*":
        return True
    return tag.removeprefix(b"W/") in [one.strip().removeprefix(b"W/") for one in known.split(b",")]
