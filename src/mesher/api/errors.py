"""The one shape of the API's errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Response

from mesher.errors import MesherError, RateLimited, Unavailable


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller gets instead of what it asked for."""

    code: str  # stable, for programs
    message: str  # what happened, for people
    field: str  # path of the offending input; empty when it is the whole
    hint: str  # what to do; may be empty


def error_json(error: MesherError) -> Response[ErrorBody]:
    """The answer for an error."""
    return Response(_body(error), status_code=error.status)


async def send_error(
    send: Any, error: MesherError, headers: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    """
    The same where no handler was asked yet, over ASGI.

    Args:
        send: of the request.
        error: what to say; one that names seconds is sent with ``Retry-After``.
        headers: further ones.
    """
    sent = [(b"content-type", b"application/json"), *headers]
    if isinstance(error, RateLimited | Unavailable):
        sent.append((b"retry-after", b"%d" % error.retry_after_seconds))
    await send({"type": "http.response.start", "status": error.status, "headers": sent})
    await send({"type": "http.response.body", "body": msgspec.json.encode(_body(error))})


def _body(error: MesherError) -> ErrorBody:
    return ErrorBody(code=error.code, message=error.message, field=error.field, hint=error.hint)
