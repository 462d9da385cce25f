"""
The page behind an invitation's link.

Its address is a secret: pages that it leads to are told our origin alone as their referrer, and ``logs``
masks it.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from litestar import Response
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect

from mesher.accounts.account import MIN_PASSWORD_CHARACTERS
from mesher.accounts.actor import Actor, actor_of_session
from mesher.accounts.client_address import client_address
from mesher.accounts.invitations import (
    accept_as_new_person,
    accept_as_person,
    find_invitation,
)
from mesher.accounts.login import LoggedIn, log_in
from mesher.accounts.sessions import SESSION_COOKIE
from mesher.errors import AuthError, Conflict, ProtocolError, RateLimited
from mesher.resources import resources_of
from mesher.storage.database import ReadConnection, reading
from mesher.storage.invitations import OpenInvitation
from mesher.web.errors import problem_text
from mesher.web.render import render
from mesher.web.session import WebRequest, session_cookie, writing_as

# Not no-referrer: browsers then say of a form that it comes from nowhere, and it would be refused.
_REFERRER_POLICY = "strict-origin"


class InvitationForm(msgspec.Struct, kw_only=True):
    """What the form sends; nothing where somebody is logged in."""

    email: str = ""
    name: str = ""
    password: str = ""


async def show_invitation(request: WebRequest, token: FromPath[str]) -> Response[str]:
    """What the invitation is to, and the form of a new person, or the button of one logged in."""
    async with reading(resources_of(request).engine) as conn:
        invitation = await find_invitation(conn, token, now=datetime.now(UTC))
        actor = await _who(request, conn)
    return _page(invitation, token, actor, InvitationForm())


async def submit_invitation(
    request: WebRequest, token: FromPath[str], data: URLEncodedBody[InvitationForm]
) -> Response[str] | Redirect:
    """Accept, as whoever is logged in or as a new person; or show the form again with what was wrong."""
    async with reading(resources_of(request).engine) as conn:
        invitation = await find_invitation(conn, token, now=datetime.now(UTC))
        actor = await _who(request, conn)
    try:
        return await (_accept(request, token) if actor else _begin(request, token, data))
    except (AuthError, Conflict, ProtocolError, RateLimited) as error:
        problem = problem_text(error)
        return _page(invitation, token, actor, data, problem=problem, http_status=error.status)


async def _accept(request: WebRequest, token: str) -> Redirect:
    async with writing_as(request) as (conn, actor):
        await accept_as_person(conn, token, actor.viewer.user_id, now=datetime.now(UTC))
    return Redirect("/projects", status_code=303)


async def _begin(request: WebRequest, token: str, data: InvitationForm) -> Redirect:
    resources = resources_of(request)
    await accept_as_new_person(
        resources.engine,
        resources.login_throttle,
        token,
        email=data.email,
        password=data.password,
        name=data.name,
        now=datetime.now(UTC),
    )
    session = await log_in(
        resources.engine,
        resources.login_throttle,
        resources.secret_box,
        email=data.email,
        password=data.password,
        address=client_address(request, resources.trusted_proxies),
        old_token=None,
        now=datetime.now(UTC),
    )
    # Whose account is new has no second factor.
    cookies = [session_cookie(resources, session.token)] if isinstance(session, LoggedIn) else []
    return Redirect("/projects", status_code=303, cookies=cookies)


async def _who(request: WebRequest, conn: ReadConnection) -> Actor | None:
    try:
        return await actor_of_session(conn, request.cookies.get(SESSION_COOKIE))
    except AuthError:
        return None


def _page(
    invitation: OpenInvitation,
    token: str,
    actor: Actor | None,
    form: InvitationForm,
    *,
    problem: str = "",
    http_status: int = 200,
) -> Response[str]:
    page = render(
        "invitation.html",
        http_status=http_status,
        actor=actor,
        invitation=invitation,
        address=f"/invitations/{token}",
        email=invitation.email or form.email,
        name=form.name,
        least=MIN_PASSWORD_CHARACTERS,
        problem=problem,
    )
    page.headers["referrer-policy"] = _REFERRER_POLICY
    return page
