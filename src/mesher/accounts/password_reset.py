"""Another password for whoever can read the mail of an account."""

from __future__ import annotations

import base64
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from mesher.accounts.account import check_password, set_password
from mesher.accounts.passwords import LoginThrottle, hash_password
from mesher.accounts.sessions import normal_email
from mesher.accounts.tokens import hash_token
from mesher.errors import NotFound
from mesher.secret_box import SecretBox
from mesher.storage import password_resets, users
from mesher.storage.audit_log import Author
from mesher.storage.database import reading, writing


async def ask_for_reset(
    engine: AsyncEngine,
    throttle: LoginThrottle,
    box: SecretBox,
    *,
    email: str,
    address: str,
    now: datetime,
) -> None:
    """
    Have a link mailed to whoever has an e-mail; nothing tells whether somebody has.

    Raises:
        RateLimited: too many were asked for, for this e-mail or from this address.
    """
    normal = normal_email(email)
    # Counted apart, so that nobody is kept from logging in by somebody who asks for links.
    throttle.begin(f"reset {normal}", f"reset {address}", now.timestamp())
    sealed = base64.b64encode(box.seal(normal)).decode()
    async with writing(engine) as conn:
        await password_resets.queue_reset(conn, sealed)


async def require_reset(engine: AsyncEngine, token: str) -> None:
    """
    Whether a link is valid.

    Raises:
        NotFound: it is not.
    """
    async with reading(engine) as conn:
        if not await password_resets.has_reset(conn, hash_token(token)):
            raise _no_link()


async def choose_password(engine: AsyncEngine, token: str, password: str) -> None:
    """
    Give the account of a link another password; the link and all sessions end.

    Raises:
        NotFound: the link is not valid (any more).
        ProtocolError: the password may not be chosen.
    """
    check_password(password)
    await require_reset(engine, token)
    hashed = await hash_password(password)
    async with writing(engine) as conn:
        user_id = await password_resets.use_reset(conn, hash_token(token))
        if user_id is None:
            raise _no_link()
        account = await users.find_account(conn, user_id)
        author = Author(id=user_id, name=account.email)
        await set_password(conn, user_id, account.email, hashed, author)


def _no_link() -> NotFound:
    return NotFound(
        "this link is not valid, or not any more",
        hint="ask for a new one on the page to log in",
    )
