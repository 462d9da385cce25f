"""The sessions of people in their browsers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from mesher.accounts.tokens import hash_token, new_session_token
from mesher.ids import UserId
from mesher.storage import users
from mesher.storage.database import WriteConnection, writing

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
