"""Passkeys: adding and removing them on the page of the account, and logging in by one."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from litestar import Response
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect

from mesher.accounts.passkey_ceremony import PasskeyRefused
from mesher.accounts.passkeys import (
    add_passkey,
    begin_passkey,
    log_in_by_passkey,
    remove_passkey,
)
from mesher.accounts.sessions import SESSION_COOKIE
from mesher.resources import resources_of
from mesher.storage.users import find_user
from mesher.web.account import ProofForm, account_page, prove
from mesher.web.errors import problem_text
from mesher.web.forms import PROBLEMS
from mesher.web.login import go_on, login_form
from mesher.web.session import WebRequest, writing_as

ABOUT = "passkeys"


class NewPasskeyForm(msgspec.Struct, kw_only=True):
    """What the script sends when the browser has made a passkey."""

    ticket: str = ""
    credential: str = ""  # JSON
    label: str = ""


class PasskeyLoginForm(msgspec.Struct, kw_only=True):
    """What the script sends when the browser has used one."""

    ticket: str = ""
    credential: str = ""
    next: str = "/"


async def submit_passkey(request: WebRequest, data: URLEncodedBody[ProofForm]) -> Response[str]:
    """Let the page ask the browser for a new passkey."""
    resources = resources_of(request)
    try:
        await prove(request, data.password)
        async with writing_as(request) as (conn, actor):
            user = await find_user(conn, actor.viewer.user_id)
            ceremony = await begin_passkey(
                conn, resources.secret_box, resources.url, user, datetime.now(UTC)
            )
    except PROBLEMS as error:
        return await account_page(request, error, about=ABOUT)
    return await account_page(request, ceremony=ceremony)


async def submit_new_passkey(
    request: WebRequest, data: URLEncodedBody[NewPasskeyForm]
) -> Response[str] | Redirect:
    """Keep what the browser made."""
    resources = resources_of(request)
    try:
        async with writing_as(request) as (conn, actor):
            await add_passkey(
                conn,
                resources.secret_box,
                resources.url,
                await find_user(conn, actor.viewer.user_id),
                actor.author,
                ticket=data.ticket,
                credential=data.credential,
                label=data.label,
                now=datetime.now(UTC),
            )
    except PROBLEMS as error:
        return await account_page(request, error, about=ABOUT)
    return Redirect("/account", status_code=303)


async def submit_passkey_removal(
    request: WebRequest, passkey_id: FromPath[str], data: URLEncodedBody[ProofForm]
) -> Response[str] | Redirect:
    """Forget one."""
    try:
        await prove(request, data.password)
        async with writing_as(request) as (conn, actor):
            user = await find_user(conn, actor.viewer.user_id)
            await remove_passkey(conn, user, actor.author, passkey_id)
    except PROBLEMS as error:
        return await account_page(request, error, about=ABOUT)
    return Redirect("/account", status_code=303)


async def submit_passkey_login(
    request: WebRequest, data: URLEncodedBody[PasskeyLoginForm]
) -> Response[str] | Redirect:
    """Begin a session and go on, or show the form again with what was wrong."""
    resources = resources_of(request)
    try:
        token = await log_in_by_passkey(
            resources.engine,
            resources.secret_box,
            resources.url,
            ticket=data.ticket,
            credential=data.credential,
            old_token=request.cookies.get(SESSION_COOKIE),
            now=datetime.now(UTC),
        )
    except PasskeyRefused as error:
        return login_form(
            request,
            http_status=error.status,
            email="",
            next_path=data.next,
            problem=problem_text(error),
        )
    return go_on(resources, token, data.next)
