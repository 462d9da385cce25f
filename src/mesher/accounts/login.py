"""
Logging in, in one step or two.

Who has a second factor gets a ticket for their password: a sealed note for the browser that says whose it was
and when, and opens nothing by itself.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from mesher.accounts import second_factor
from mesher.accounts.passwords import LoginThrottle, verify_password
from mesher.accounts.sessions import begin_session, normal_email
from mesher.accounts.tickets import open_ticket, seal_ticket
from mesher.errors import AuthError
from mesher.ids import UserId
from mesher.secret_box import SecretBox
from mesher.storage import users
from mesher.storage.database import reading, writing

# For finding the phone and typing the code.
TICKET_LIFETIME: Final = timedelta(minutes=10)
TICKET_COOKIE: Final = "mesher_login"


class _Ticket(msgspec.Struct, frozen=True, kw_only=True, tag="password"):
    user_id: uuid.UUID
    password: str  # a hash of the password's hash: another password makes the ticket worthless
    expires_at: datetime


class LoggedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A session has begun."""

    token: str  # for the cookie


class SecondStep(msgspec.Struct, frozen=True, kw_only=True):
    """The password was right, and a code is asked for."""

    ticket: str  # for a cookie


async def log_in(
    engine: AsyncEngine,
    throttle: LoginThrottle,
    box: SecretBox,
    *,
    email: str,
    password: str,
    address: str,
    old_token: str | None,
    now: datetime,
) -> LoggedIn | SecondStep:
    """
    Begin a session for whoever knows the password, or ask for the second factor.

    Args:
        engine: the database; no connection is held while the password is checked.
        throttle: counts the failures.
        box: seals the ticket.
        email: as typed.
        password: as typed.
        address: where the request comes from.
        old_token: the session that the browser had; it ends when the new one begins.
        now: the server's clock, UTC.

    Raises:
        AuthError: no such account, or another password: the answer and its duration do not differ.
        RateLimited: too many failures.
        Unavailable: the database cannot be reached.
    """
    email = normal_email(email)
    throttle.begin(email, address, now.timestamp())
    async with reading(engine) as conn:
        account = await users.find_credentials(conn, email)
    matches = await verify_password(account.password_hash if account else None, password)
    if account is None or not matches:
        raise AuthError("the e-mail or the password is wrong")
    throttle.succeeded(email, address)
    async with writing(engine) as conn:
        if (await second_factor.find_status(conn, account.user_id)).enabled:
            ticket = _Ticket(
                user_id=account.user_id,
                password=_mark(account.password_hash),
                expires_at=now + TICKET_LIFETIME,
            )
            return SecondStep(ticket=seal_ticket(box, ticket))
        token = await begin_session(conn, account.user_id, old_token=old_token, now=now)
    return LoggedIn(token=token)


async def finish_log_in(
    engine: AsyncEngine,
    throttle: LoginThrottle,
    box: SecretBox,
    *,
    ticket: str,
    code: str,
    address: str,
    old_token: str | None,
    now: datetime,
) -> LoggedIn:
    """
    Begin a session for whoever has a ticket and a code; arguments as of ``log_in``.

    Raises:
        TicketExpired: the ticket is none, or not good any more: the password is to be typed again.
        AuthError: the code is wrong.
        RateLimited: too many failures, counted as those of the password are.
    """
    user_id, mark = _open(box, ticket, now)
    async with reading(engine) as conn:
        account = await users.find_account_if_there(conn, user_id)
    if account is None or _mark(account.password_hash) != mark:
        raise TicketExpired
    throttle.begin(account.email, address, now.timestamp())
    async with writing(engine) as conn:
        await second_factor.verify(conn, box, user_id, code=code, now=now)
        token = await begin_session(conn, user_id, old_token=old_token, now=now)
    throttle.succeeded(account.email, address)
    return LoggedIn(token=token)


class TicketExpired(AuthError):
    """The password has to be typed again."""

    def __init__(self) -> None:
        super().__init__("the log-in took too long", hint="begin again with the password")


def _mark(password_hash: str) -> str:
    return hashlib.sha256(password_hash.encode()).hexdigest()


def _open(box: SecretBox, text: str, now: datetime) -> tuple[UserId, str]:
    ticket = open_ticket(box, text, _Ticket)
    if ticket is None or ticket.expires_at <= now:
        raise TicketExpired
    return UserId(ticket.user_id), ticket.password
