"""The pages for whoever has forgotten their password."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from litestar import Response
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect

from mesher.accounts.account import MIN_PASSWORD_CHARACTERS
from mesher.accounts.client_address import client_address
from mesher.accounts.password_reset import ask_for_reset, choose_password, require_reset
from mesher.errors import NotFound, ProtocolError, RateLimited
from mesher.resources import resources_of
from mesher.web.errors import problem_text
from mesher.web.render import render
from mesher.web.session import WebRequest


class ForgottenForm(msgspec.Struct, kw_only=True):
    """What the form for a link sends."""

    email: str = ""


class ChoiceForm(msgspec.Struct, kw_only=True):
    """What the form for another password sends."""

    password: str = ""


async def show_forgotten(request: WebRequest) -> Response[str]:
    """The form for a link, or whom to ask where no mail is sent."""
    return _forgotten(request)


async def submit_forgotten(
    request: WebRequest, data: URLEncodedBody[ForgottenForm]
) -> Response[str]:
    """Have a link mailed; the page is the same whether somebody has the e-mail or not."""
    resources = resources_of(request)
    if not resources.sends_mail:
        return _forgotten(request)
    try:
        await ask_for_reset(
            resources.engine,
            resources.login_throttle,
            resources.secret_box,
            email=data.email,
            address=client_address(request, resources.trusted_proxies),
            now=datetime.now(UTC),
        )
    except RateLimited as error:
        return _forgotten(request, problem=problem_text(error), http_status=error.status)
    return _forgotten(request, email=data.email)


async def show_reset(request: WebRequest, token: FromPath[str]) -> Response[str]:
    """The form for another password."""
    await require_reset(resources_of(request).engine, token)
    return _reset(token)


async def submit_reset(
    request: WebRequest, token: FromPath[str], data: URLEncodedBody[ChoiceForm]
) -> Response[str] | Redirect:
    """Another password, with which one logs in then."""
    try:
        await choose_password(resources_of(request).engine, token, data.password)
    except ProtocolError as error:
        return _reset(token, problem=problem_text(error), http_status=error.status)
    except NotFound as error:
        return _forgotten(request, problem=problem_text(error), http_status=error.status)
    return Redirect("/login", status_code=303)


def _forgotten(
    request: WebRequest, *, email: str = "", problem: str = "", http_status: int = 200
) -> Response[str]:
    return render(
        "forgotten.html",
        http_status=http_status,
        sends_mail=resources_of(request).sends_mail,
        email=email,
        problem=problem,
    )


def _reset(token: str, *, problem: str = "", http_status: int = 200) -> Response[str]:
    return render(
        "reset.html",
        http_status=http_status,
        token=token,
        problem=problem,
        min_password=MIN_PASSWORD_CHARACTERS,
    )
