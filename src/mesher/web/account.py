"""The page of one's own account: password, second factor, passkeys, sessions, deletion."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import segno
from litestar import Response
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect
from markupsafe import Markup

from mesher.accounts import second_factor
from mesher.accounts.account import MIN_PASSWORD_CHARACTERS, change_password
from mesher.accounts.account_deletion import delete_account
from mesher.accounts.client_address import client_address
from mesher.accounts.passkey_ceremony import can_have_passkeys
from mesher.accounts.passkeys import MAX_LABEL_CHARACTERS, Ceremony
from mesher.accounts.proof import require_password
from mesher.accounts.second_factor import Begun
from mesher.accounts.sessions import SESSION_COOKIE
from mesher.accounts.tokens import hash_token
from mesher.errors import Conflict, MesherError
from mesher.resources import resources_of
from mesher.storage.passkeys import list_passkeys
from mesher.storage.sessions import ID_CHARACTERS, end_session, list_sessions
from mesher.storage.users import Account, find_user
from mesher.web.errors import problem_text
from mesher.web.forms import PROBLEMS
from mesher.web.render import render
from mesher.web.session import WebRequest, reading_as, session_cookie, writing_as


class PasswordForm(msgspec.Struct, kw_only=True):
    """What the form for another password sends."""

    current: str = ""
    new: str = ""


class ProofForm(msgspec.Struct, kw_only=True):
    """What a form sends that takes the password."""

    password: str = ""


class CodeForm(msgspec.Struct, kw_only=True):
    """What the form sends that a second factor is confirmed by."""

    code: str = ""
    secret: str = ""  # as it was shown, to show it again
    uri: str = ""


async def show_account(request: WebRequest) -> Response[str]:
    """The page."""
    return await account_page(request)


async def submit_password(
    request: WebRequest, data: URLEncodedBody[PasswordForm]
) -> Response[str] | Redirect:
    """Another password; all sessions end, this one too."""
    resources = resources_of(request)
    async with writing_as(request) as (_, actor):
        pass
    try:
        await change_password(
            resources.engine,
            resources.login_throttle,
            actor.viewer.user_id,
            actor.author,
            current=data.current,
            new=data.new,
            address=client_address(request, resources.trusted_proxies),
            now=datetime.now(UTC),
        )
    except PROBLEMS as error:
        return await account_page(request, error, about="password")
    return Redirect("/login", status_code=303, cookies=[session_cookie(resources, None)])


async def submit_second_factor(
    request: WebRequest, data: URLEncodedBody[ProofForm]
) -> Response[str]:
    """Make a secret and show it."""
    try:
        account = await prove(request, data.password)
        async with writing_as(request) as (conn, actor):
            begun = await second_factor.begin(
                conn, resources_of(request).secret_box, actor.viewer.user_id, account.email
            )
    except PROBLEMS as error:
        return await account_page(request, error, about="factor")
    return await account_page(request, begun=begun)


async def submit_confirmation(request: WebRequest, data: URLEncodedBody[CodeForm]) -> Response[str]:
    """Ask for it from now on, and show the recovery codes."""
    try:
        async with writing_as(request) as (conn, actor):
            user = await find_user(conn, actor.viewer.user_id)
            codes = await second_factor.confirm(
                conn,
                resources_of(request).secret_box,
                actor.viewer.user_id,
                user.email,
                actor.author,
                code=data.code,
                now=datetime.now(UTC),
            )
    except second_factor.WrongCode as error:
        begun = Begun(secret=data.secret, uri=data.uri)
        return await account_page(request, error, about="factor", begun=begun)
    except Conflict as error:
        return await account_page(request, error, about="factor")
    return await account_page(request, codes=codes)


async def submit_recovery_codes(
    request: WebRequest, data: URLEncodedBody[ProofForm]
) -> Response[str]:
    """New recovery codes."""
    try:
        await prove(request, data.password)
        async with writing_as(request) as (conn, actor):
            await second_factor.require_enabled(conn, actor.viewer.user_id)
            codes = await second_factor.renew_recovery_codes(conn, actor.viewer.user_id)
    except PROBLEMS as error:
        return await account_page(request, error, about="factor")
    return await account_page(request, codes=codes)


async def submit_factor_removal(
    request: WebRequest, data: URLEncodedBody[ProofForm]
) -> Response[str] | Redirect:
    """Ask for no second factor any more."""
    try:
        account = await prove(request, data.password)
        async with writing_as(request) as (conn, actor):
            await second_factor.remove(conn, actor.viewer.user_id, account.email, actor.author)
    except PROBLEMS as error:
        return await account_page(request, error, about="factor")
    return Redirect("/account", status_code=303)


async def submit_session_end(request: WebRequest, session_id: FromPath[str]) -> Redirect:
    """End one session."""
    async with writing_as(request) as (conn, actor):
        await end_session(conn, actor.viewer.user_id, session_id)
    return Redirect("/account", status_code=303)


async def submit_account_deletion(
    request: WebRequest, data: URLEncodedBody[ProofForm]
) -> Response[str] | Redirect:
    """Delete the account."""
    try:
        await prove(request, data.password)
        async with writing_as(request) as (conn, actor):
            await delete_account(conn, actor.author, actor.viewer.user_id)
    except PROBLEMS as error:
        return await account_page(request, error, about="deletion")
    cookie = session_cookie(resources_of(request), None)
    return Redirect("/login", status_code=303, cookies=[cookie])


async def prove(request: WebRequest, password: str) -> Account:
    """
    Whose page it is, for their password.

    Raises:
        Forbidden: it is another.
        RateLimited: too many failures.
    """
    resources = resources_of(request)
    async with reading_as(request) as (_, actor):
        pass
    return await require_password(
        resources.engine,
        resources.login_throttle,
        actor.viewer.user_id,
        password=password,
        address=client_address(request, resources.trusted_proxies),
        now=datetime.now(UTC),
    )


async def account_page(
    request: WebRequest,
    error: MesherError | None = None,
    *,
    about: str = "",
    begun: Begun | None = None,
    codes: Sequence[str] = (),
    ceremony: Ceremony | None = None,
) -> Response[str]:
    """
    The page, with what has come of a form.

    Args:
        request: of whose account it is.
        error: what was wrong.
        about: the part of the page that it belongs to.
        begun: a second factor to confirm.
        codes: recovery codes, shown once.
        ceremony: a passkey to be made.
    """
    async with reading_as(request) as (conn, actor):
        values: dict[str, Any] = {
            "actor": actor,
            "user": await find_user(conn, actor.viewer.user_id),
            "factor": await second_factor.find_status(conn, actor.viewer.user_id),
            "passkeys": await list_passkeys(conn, actor.viewer.user_id),
            "sessions": await list_sessions(conn, actor.viewer.user_id),
        }
    return render(
        "account.html",
        http_status=error.status if error else 200,
        problems={about: problem_text(error)} if error else {},
        begun=begun,
        qr=_qr(begun.uri) if begun else None,
        codes=codes,
        ceremony=ceremony,
        can_have_passkeys=can_have_passkeys(resources_of(request).url),
        max_label=MAX_LABEL_CHARACTERS,
        current_session=hash_token(request.cookies.get(SESSION_COOKIE, ""))[:ID_CHARACTERS],
        min_password=MIN_PASSWORD_CHARACTERS,
        now=datetime.now(UTC),
        **values,
    )


def _qr(uri: str) -> Markup:
    """A picture within the page: the policy for contents allows none from elsewhere."""
    picture = segno.make(uri, error="m")
    # Dark on light in dark mode too: not every app reads it the other way round.
    source = picture.svg_data_uri(scale=4, border=3, dark="black", light="white")
    return Markup('<img class="qr" alt="QR code of the secret" src="{}">').format(source)
