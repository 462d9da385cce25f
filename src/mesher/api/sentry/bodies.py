"""What the clients send: JSON bodies, read after it is known who asks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec

from mesher.api.acting import ApiRequest, reading_as
from mesher.errors import ProtocolError
from mesher.types import TokenScope

T = TypeVar("T")

# Of a JSON body here. A release of thousands of commits with their files is some megabytes.
MAX_JSON_BYTES = 8 * 1024**2

# Lengths in characters; a longer release could not be named by an event (protocol.limits).
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=2048)]
# sentry-cli sends a number where it was given one.
ProjectReferences = Annotated[list[str | int], msgspec.Meta(max_length=100)]
Sha1 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{40}$")]


async def receive_body(request: ApiRequest, scope: TokenScope) -> None:
    """
    Receive the body of whoever may send one; ``read_json`` then finds it there.

    Before a connection is taken from the pool for the work itself: a large body that comes slowly
    would hold it.

    Raises:
        AuthError, Forbidden: as ``reading_as``.
        HTTPException: it is larger than the route allows.
    """
    async with reading_as(request, scope):
        pass
    await request.body()


async def read_json(request: ApiRequest, shape: type[T]) -> T:
    """
    The body of a request as a value of this shape; fields that the shape does not have are ignored.

    Raises:
        ProtocolError: it is no JSON, or a field does not fit.
        HTTPException: it is larger than the route allows.
    """
    # PostgreSQL's text knows no NUL, and commit messages are whatever somebody typed.
    body = (await request.body()).replace(b"\\u0000", b"\\ufffd")
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        _, _, path = str(error).partition(" - at `$.")
        raise ProtocolError(f"the body does not fit: {error}", field=path.rstrip("`")) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"the body is not JSON: {error}") from error


def in_utc(moment: datetime | None) -> datetime | None:
    """A time that a client gave; one without a zone is in UTC."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)
