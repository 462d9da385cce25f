"""Logging people in and out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from mesher.accounts.passwords import LoginThrottle, verify_password
from mesher.accounts.tokens import hash_token, new_session_token
from mesher.errors import AuthError
from mesher.ids import UserId
from mesher.storage import users
from mesher.storage.database import WriteConnection, reading, writing

# As the data model has it. A session is not prolonged: after a week people log in again.
SESSION_LIFETIME: Final = timedelta(days=7)
# Holds the token in people's browsers.
SESSION_COOKIE: Final = "mesher_session"
# The longest address that mail can reach (RFC 5321); bounds what the throttle remembers.
MAX_EMAIL_CHARACTERS: Final = 254


def normal_email(text: str) -> str:
    """An e-mail as it is stored and compared: without blanks around it, in lower case."""
    # PostgreSQL refuses NUL characters, and no address has one.
    return text.replace("\0", "").strip().lower()[:MAX_EMAIL_CHARACTERS]


async def log_in(
    engine: AsyncEngine,
    throttle: LoginThrottle,
    *,
    email: str,
    password: str,
    address: str,
    old_token: str | None,
    now: datetime,
) -> str:
    """
    Begin a session for whoever knows the password.

    Args:
        engine: the database; no connection is held while the password is checked.
        throttle: counts the failures.
        email: as typed.
        password: as typed.
        address: where the request comes from.
        old_token: the session that the browser had; it ends.
        now: the server's clock, UTC.

    Returns:
        The new session's token, for the cookie.

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
        return await begin_session(conn, account.user_id, old_token=old_token, now=now)


async def begin_session(
    conn: WriteConnection, user_id: UserId, *, old_token: str | None, now: datetime
) -> str:
    """
    Begin a session for somebody who has proved who they are.

    Args:
        conn: the caller commits.
        user_id: who it is.
        old_token: the session that the browser had; it ends.
        now: the server's clock, UTC.

    Returns:
        Its token, for the cookie.
    """
    token = new_session_token()
    if old_token is not None:
        await users.delete_session(conn, hash_token(old_token))
    await users.delete_expired_sessions(conn)
    await users.insert_session(
        conn, token_hash=hash_token(token), user_id=user_id, expires_at=now + SESSION_LIFETIME
    )
    return token


async def log_out(engine: AsyncEngine, token: str) -> None:
    """
    End the session, wherever its cookie still is.

    Raises:
        Unavailable: the database cannot be reached.
    """
    async with writing(engine) as conn:
        await users.delete_session(conn, hash_token(token))
