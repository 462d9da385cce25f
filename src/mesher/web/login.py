"""Logging in and out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar import Response
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect

from mesher.accounts.client_address import client_address
from mesher.accounts.sessions import SESSION_COOKIE, log_in, log_out
from mesher.errors import AuthError, RateLimited
from mesher.resources import resources_of
from mesher.web.own_path import own_path
from mesher.web.render import render
from mesher.web.session import WebRequest, session_cookie


class LoginForm(msgspec.Struct, kw_only=True):
    """What the form sends."""

    email: str = ""
    password: str = ""
    next: str = "/"  # where to go afterwards


async def show_login(
    request: WebRequest,
    next_path: Annotated[str, QueryParameter(name="next")] = "/",
) -> Response[str]:
    """The form."""
    return _form(request, email="", next_path=next_path, problem="")


async def submit_login(
    request: WebRequest,
    data: URLEncodedBody[LoginForm],
) -> Response[str] | Redirect:
    """Begin a session and go on, or show the form again with what was wrong."""
    resources = resources_of(request)
    try:
        token = await log_in(
            resources.engine,
            resources.login_throttle,
            email=data.email,
            password=data.password,
            address=client_address(request, resources.trusted_proxies),
            old_token=request.cookies.get(SESSION_COOKIE),
            now=datetime.now(UTC),
        )
    except (AuthError, RateLimited) as error:
        problem = f"{error.message}. {error.hint}".rstrip(". ").capitalize() + "."
        return _form(
            request,
            http_status=error.status,
            email=data.email,
            next_path=data.next,
            problem=problem,
        )
    return Redirect(
        own_path(data.next), status_code=303, cookies=[session_cookie(resources, token)]
    )


async def submit_logout(request: WebRequest) -> Redirect:
    """End the session."""
    resources = resources_of(request)
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        await log_out(resources.engine, token)
    return Redirect("/login", status_code=303, cookies=[session_cookie(resources, None)])


def _form(
    request: WebRequest, *, email: str, next_path: str, problem: str, http_status: int = 200
) -> Response[str]:
    return render(
        "login.html",
        http_status=http_status,
        email=email,
        next=own_path(next_path),
        problem=problem,
        oidc=resources_of(request).oidc,
    )
