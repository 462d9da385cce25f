"""Logging in, in one step or two, and out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.datastructures import Cookie
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect

from mesher.accounts.client_address import client_address
from mesher.accounts.login import (
    TICKET_COOKIE,
    TICKET_LIFETIME,
    LoggedIn,
    TicketExpired,
    finish_log_in,
    log_in,
)
from mesher.accounts.passkey_ceremony import can_have_passkeys
from mesher.accounts.passkeys import begin_passkey_log_in
from mesher.accounts.sessions import SESSION_COOKIE, log_out
from mesher.errors import AuthError, RateLimited
from mesher.resources import Resources, resources_of
from mesher.web.errors import problem_text
from mesher.web.own_path import own_path
from mesher.web.render import render
from mesher.web.session import WebRequest, session_cookie


class LoginForm(msgspec.Struct, kw_only=True):
    """What the form sends."""

    email: str = ""
    password: str = ""
    next: str = "/"  # where to go afterwards


class CodeForm(msgspec.Struct, kw_only=True):
    """What the form of the second step sends."""

    code: str = ""
    next: str = "/"


async def show_login(
    request: WebRequest,
    next_path: Annotated[str, QueryParameter(name="next")] = "/",
) -> Response[str]:
    """The form."""
    return login_form(request, email="", next_path=next_path, problem="")


async def submit_login(
    request: WebRequest,
    data: URLEncodedBody[LoginForm],
) -> Response[str] | Redirect:
    """Begin a session and go on, or show the form again with what was wrong."""
    resources = resources_of(request)
    try:
        outcome = await log_in(
            resources.engine,
            resources.login_throttle,
            resources.secret_box,
            email=data.email,
            password=data.password,
            address=client_address(request, resources.trusted_proxies),
            old_token=request.cookies.get(SESSION_COOKIE),
            now=datetime.now(UTC),
        )
    except (AuthError, RateLimited) as error:
        return login_form(
            request,
            http_status=error.status,
            email=data.email,
            next_path=data.next,
            problem=problem_text(error),
        )
    if isinstance(outcome, LoggedIn):
        return go_on(resources, outcome.token, data.next)
    return Redirect(
        f"/login/code?next={quote(own_path(data.next))}",
        status_code=303,
        cookies=[_ticket_cookie(resources, outcome.ticket)],
    )


async def show_code_form(
    request: WebRequest,
    next_path: Annotated[str, QueryParameter(name="next")] = "/",
) -> Response[str] | Redirect:
    """The form of the second step; without a first, that one."""
    if TICKET_COOKIE not in request.cookies:
        return Redirect(f"/login?next={quote(own_path(next_path))}", status_code=303)
    return render("login_code.html", next=own_path(next_path), problem="")


async def submit_code(
    request: WebRequest,
    data: URLEncodedBody[CodeForm],
) -> Response[str] | Redirect:
    """Begin a session and go on, or show the form again with what was wrong."""
    resources = resources_of(request)
    try:
        outcome = await finish_log_in(
            resources.engine,
            resources.login_throttle,
            resources.secret_box,
            ticket=request.cookies.get(TICKET_COOKIE, ""),
            code=data.code,
            address=client_address(request, resources.trusted_proxies),
            old_token=request.cookies.get(SESSION_COOKIE),
            now=datetime.now(UTC),
        )
    except TicketExpired as error:
        problem = problem_text(error)
        return login_form(request, http_status=401, email="", next_path=data.next, problem=problem)
    except (AuthError, RateLimited) as error:
        return render(
            "login_code.html",
            http_status=error.status,
            next=own_path(data.next),
            problem=problem_text(error),
        )
    return go_on(resources, outcome.token, data.next)


def go_on(resources: Resources, token: str, next_path: str) -> Redirect:
    """To where a person wanted, with the session's token."""
    cookies = [session_cookie(resources, token), _ticket_cookie(resources, None)]
    return Redirect(own_path(next_path), status_code=303, cookies=cookies)


def _ticket_cookie(resources: Resources, ticket: str | None) -> Cookie:
    return Cookie(
        key=TICKET_COOKIE,
        value=ticket or "",
        max_age=int(TICKET_LIFETIME.total_seconds()) if ticket else 0,
        path="/login",
        secure=resources.url.startswith("https://"),
        httponly=True,
        samesite="lax",
    )


async def submit_logout(request: WebRequest) -> Redirect:
    """End the session."""
    resources = resources_of(request)
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        await log_out(resources.engine, token)
    return Redirect("/login", status_code=303, cookies=[session_cookie(resources, None)])


def login_form(
    request: WebRequest, *, email: str, next_path: str, problem: str, http_status: int = 200
) -> Response[str]:
    """The form, with what was wrong with it."""
    resources = resources_of(request)
    return render(
        "login.html",
        http_status=http_status,
        email=email,
        next=own_path(next_path),
        problem=problem,
        oidc=resources.oidc,
        passkey=begin_passkey_log_in(resources.secret_box, resources.url, datetime.now(UTC))
        if can_have_passkeys(resources.url)
        else None,
    )
