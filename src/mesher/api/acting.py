"""Reading and writing as whoever a request to the API is from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection

from mesher.accounts.actor import Actor, actor_of_session, actor_of_token, require_scope
from mesher.accounts.sessions import SESSION_COOKIE
from mesher.accounts.tokens import hash_token
from mesher.errors import AuthError
from mesher.resources import Resources, resources_of
from mesher.storage.database import ReadConnection, WriteConnection, reading, writing
from mesher.storage.tokens import note_token_use
from mesher.types import TokenScope

ApiRequest = Request[Any, Any, Any]
Connection = ASGIConnection[Any, Any, Any, Any]

# How exactly it is known when a token was last used; a write for every request would be too many.
TOKEN_USE_PRECISION = timedelta(hours=1)


@asynccontextmanager
async def reading_as(
    request: ApiRequest, scope: TokenScope | None = "read"
) -> AsyncIterator[tuple[ReadConnection, Actor]]:
    """
    A connection to read from, and who asks: the holder of a bearer token, or of a session.

    Args:
        request: which carries the credentials.
        scope: that they must include; ``None`` = any do.

    Raises:
        AuthError: neither, or not valid.
        Forbidden: the token is of another scope.
        Unavailable: the database cannot be reached.
    """
    token, resources = _bearer_token(request), resources_of(request)
    async with reading(resources.engine) as conn:
        actor = await actor_of(conn, request)
        if scope is not None:
            require_scope(actor, scope)
        yield conn, actor
    if token is not None:
        await _note_use(resources, actor, token)


@asynccontextmanager
async def writing_as(
    request: ApiRequest, scope: TokenScope
) -> AsyncIterator[tuple[WriteConnection, Actor]]:
    """
    A transaction that is committed at the end, and who asks.

    A session is not enough here: its cookie comes along when another site makes a browser send a
    request, a token never does.

    Raises:
        AuthError: no bearer token, or not valid.
        Forbidden: its scope does not include ``scope``.
        Unavailable: the database cannot be reached.
    """
    token = _bearer_token(request)
    if token is None:
        raise AuthError(
            "the request carries no API token", hint="send Authorization: Bearer mshr_api_..."
        )
    async with writing(resources_of(request).engine) as conn:
        actor = await actor_of_token(conn, token)
        require_scope(actor, scope)
        yield conn, actor
        await note_token_use(conn, hash_token(token))


async def actor_of(conn: ReadConnection, connection: Connection) -> Actor:
    """
    The holder of the bearer token of a request or a WebSocket, or else of its session.

    Raises:
        AuthError: neither, or not valid.
    """
    token = _bearer_token(connection)
    if token is None:
        return await actor_of_session(conn, connection.cookies.get(SESSION_COOKIE))
    return await actor_of_token(conn, token)


def is_by_session(connection: Connection) -> bool:
    """Whether the cookie that a browser sends by itself is what opens a request or a WebSocket."""
    return _bearer_token(connection) is None


def _bearer_token(request: Connection) -> str | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise AuthError(
            "the Authorization header holds no bearer token",
            hint="send Authorization: Bearer mshr_api_...",
        )
    return token.strip()


async def _note_use(resources: Resources, actor: Actor, token: str) -> None:
    last = actor.token_last_used_at
    if last is None or datetime.now(UTC) - last > TOKEN_USE_PRECISION:
        async with writing(resources.engine) as conn:
            await note_token_use(conn, hash_token(token))
