"""A name for each request: in its answer, and in every line of the log that is written for it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Final

from structlog.contextvars import bound_contextvars

App = Callable[[Any, Any, Any], Awaitable[None]]

HEADER: Final = b"x-request-id"
# What proxies and load balancers send; anything else could forge lines of a log.
_SANE: Final = re.compile(rb"[A-Za-z0-9._:=+/-]{1,128}")


def with_request_id(app: App) -> App:
    """The application with it: the one that the request came with, if that is sane, or a new one."""

    async def named(scope: Any, receive: Any, send: Any) -> None:
        given = dict(scope["headers"]).get(HEADER, b"")
        request_id = given if _SANE.fullmatch(given) else uuid.uuid4().hex.encode()

        async def send_named(message: Any) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                headers = [*message.get("headers", ()), (HEADER, request_id)]
                message = {**message, "headers": headers}
            await send(message)

        with bound_contextvars(request_id=request_id.decode()):
            await app(scope, receive, send_named)

    return named
