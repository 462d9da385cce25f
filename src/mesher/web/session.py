"""
The session of a browser: its cookie, and reading and writing as the person it belongs to.

A form is only taken from a page of ours. The cookie's SameSite=Lax keeps it from other sites'
forms; the check of where a request comes from covers sister domains and old browsers, and the
log-in form, which needs no cookie to be misused.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler

from mesher.accounts.actor import Actor, actor_of_session
from mesher.accounts.sessions import SESSION_COOKIE, SESSION_LIFETIME
from mesher.errors import Forbidden
from mesher.resources import Resources, resources_of
from mesher.storage.database import ReadConnection, WriteConnection, reading, writing

WebRequest = Request[Any, Any, Any]


@asynccontextmanager
async def reading_as(request: WebRequest) -> AsyncIterator[tuple[ReadConnection, Actor]]:
    """
    A connection to read from, and who is logged in.

    Raises:
        AuthError: nobody is.
        Unavailable: the database cannot be reached.
    """
    async with reading(resources_of(request).engine) as conn:
        yield conn, await actor_of_session(conn, request.cookies.get(SESSION_COOKIE))


@asynccontextmanager
async def writing_as(request: WebRequest) -> AsyncIterator[tuple[WriteConnection, Actor]]:
    """As ``reading_as``, with a transaction that is committed at the end."""
    async with writing(resources_of(request).engine) as conn:
        yield conn, await actor_of_session(conn, request.cookies.get(SESSION_COOKIE))


def session_cookie(resources: Resources, token: str | None) -> Cookie:
    """The cookie that keeps a session, or with ``None`` the one that removes it."""
    return Cookie(
        key=SESSION_COOKIE,
        value=token or "",
        max_age=int(SESSION_LIFETIME.total_seconds()) if token else 0,
        secure=resources.url.startswith("https://"),
        httponly=True,
        samesite="lax",
    )


def refuse_foreign_forms(
    connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler
) -> None:
    """
    A guard for everything that changes something.

    Browsers say where a request comes from in Sec-Fetch-Site, and over plain HTTP only in Origin. A
    client that sends neither is no browser, and carries nobody's cookie by accident.

    Raises:
        Forbidden: a page of another origin sent it.
    """
    if connection.scope.get("method") in {"GET", "HEAD", "OPTIONS"}:
        return
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin")
    if site is not None:
        allowed = site in {"same-origin", "none"}
    else:
        allowed = origin is None or urlsplit(origin).netloc == connection.headers.get("host")
    if not allowed:
        raise Forbidden(
            "this form was sent from another site", hint="open the page in Mesher and try again"
        )
