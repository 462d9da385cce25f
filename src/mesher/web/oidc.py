"""
Logging in by an OpenID provider: there, and back again.

What the way back is checked against lies in a cookie of ten minutes. It needs no signature: it
protects the browser that holds it, and whoever could put another one there would need the provider's
answer to fit it, which the nonce and the verifier prevent.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar import Response
from litestar.datastructures import Cookie
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect

from mesher.accounts.oidc_flow import Flow
from mesher.accounts.oidc_login import belongs_nowhere, user_of_identity
from mesher.accounts.sessions import SESSION_COOKIE, begin_session
from mesher.errors import AuthError, MesherError, NotFound, Unavailable
from mesher.resources import Oidc, Resources, resources_of
from mesher.storage.database import writing
from mesher.web.errors import sentence
from mesher.web.own_path import own_path
from mesher.web.render import render
from mesher.web.session import WebRequest, session_cookie

FLOW_COOKIE = "mesher_oidc"
CALLBACK_PATH = "/login/oidc/callback"
# From the first to the last click at the provider, a second factor and a forgotten password included.
FLOW_SECONDS = 600


async def begin_oidc_login(
    request: WebRequest, next_path: Annotated[str, QueryParameter(name="next")] = "/"
) -> Response[str] | Redirect:
    """Send the browser to the provider."""
    resources = resources_of(request)
    flow = Flow.begin(own_path(next_path))
    try:
        url = await _oidc(resources).provider.authorization_url(flow)
    except Unavailable as error:
        return _problem_page(error)
    return Redirect(url, status_code=303, cookies=[_flow_cookie(resources, flow)])


async def finish_oidc_login(
    request: WebRequest,
    *,
    code: FromQuery[str] = "",
    given_state: Annotated[str, QueryParameter(name="state")] = "",
    error: FromQuery[str] = "",
) -> Response[str] | Redirect:
    """Begin a session for whom the provider vouches, and go on; or say why not."""
    resources = resources_of(request)
    flow = _read_flow(request.cookies.get(FLOW_COOKIE, ""))
    try:
        token = await _log_in(request, flow, code=code, state=given_state, error=error)
    except (AuthError, Unavailable) as problem:
        return _problem_page(problem)
    return Redirect(
        own_path(flow.next if flow else "/"),
        status_code=303,
        cookies=[session_cookie(resources, token), _flow_cookie(resources, None)],
    )


async def _log_in(
    request: WebRequest, flow: Flow | None, *, code: str, state: str, error: str
) -> str:
    resources = resources_of(request)
    oidc = _oidc(resources)
    if flow is None or not secrets.compare_digest(flow.state.encode(), state.encode()):
        raise AuthError(
            "this log-in was not begun in this browser, or too long ago", hint="log in again"
        )
    if error or not code:
        raise AuthError("the identity provider did not let you in", hint="log in again")
    identity = await oidc.provider.identify(flow, code)
    async with writing(resources.engine) as conn:
        user_id = await user_of_identity(conn, identity, oidc.rules)
        if user_id is not None:
            return await begin_session(
                conn,
                user_id,
                old_token=request.cookies.get(SESSION_COOKIE),
                now=datetime.now(UTC),
            )
    raise belongs_nowhere(identity)


def _problem_page(error: MesherError) -> Response[str]:
    # Not the usual way of a 401, which would lead to the form and from there back to here.
    return render(
        "error.html",
        http_status=error.status,
        heading="You are not logged in",
        message=sentence(error.message),
        hint=sentence(error.hint),
    )


def _oidc(resources: Resources) -> Oidc:
    if resources.oidc is None:
        raise NotFound("no identity provider is set up here")
    return resources.oidc


def _flow_cookie(resources: Resources, flow: Flow | None) -> Cookie:
    value = base64.urlsafe_b64encode(msgspec.json.encode(flow)).decode() if flow else ""
    return Cookie(
        key=FLOW_COOKIE,
        value=value,
        path="/login/oidc",
        max_age=FLOW_SECONDS if flow else 0,
        secure=resources.url.startswith("https://"),
        httponly=True,
        samesite="lax",  # the provider's redirect must bring it along
    )


def _read_flow(text: str) -> Flow | None:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text), type=Flow)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
