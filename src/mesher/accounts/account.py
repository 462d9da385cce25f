"""What people change about their own account, and operators about anybody's."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from mesher.accounts import second_factor
from mesher.accounts.passwords import LoginThrottle, hash_password
from mesher.accounts.proof import require_password
from mesher.accounts.sessions import normal_email
from mesher.errors import Conflict, NotFound, ProtocolError
from mesher.ids import UserId
from mesher.storage import users
from mesher.storage.audit_log import Author, Target, record_change_by
from mesher.storage.database import WriteConnection, writing
from mesher.storage.passkeys import delete_all_passkeys
from mesher.storage.sessions import end_all_sessions

# Without it a guesser with a list of common passwords finds some people's; longer than any person
# types, a password only costs time to hash.
MIN_PASSWORD_CHARACTERS: Final = 12
MAX_PASSWORD_CHARACTERS: Final = 1000
# 96 random bits, short enough to type.
_NEW_PASSWORD_BYTES = 12


def check_password(password: str, *, field: str = "password") -> None:
    """
    Whether a password may be chosen.

    Raises:
        ProtocolError: it is too short or too long.
    """
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
        raise ProtocolError(
            f"the password has {len(password)} characters", field=field,
            hint=f"{MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS} are needed",
        )  # fmt: skip


async def change_password(
    engine: AsyncEngine,
    throttle: LoginThrottle,
    user_id: UserId,
    author: Author,
    *,
    current: str,
    new: str,
    address: str,
    now: datetime,
) -> None:
    """
    Give somebody who knows their password another one; all their sessions end.

    Tries are counted as log-ins are, since who guesses here guesses the same password.

    Raises:
        Forbidden: the current password is another.
        ProtocolError: the new one may not be chosen.
        RateLimited: too many failures.
    """
    check_password(new, field="new_password")
    account = await require_password(
        engine,
        throttle,
        user_id,
        password=current,
        address=address,
        now=now,
        field="current_password",
    )
    hashed = await hash_password(new)
    async with writing(engine) as conn:
        await set_password(conn, user_id, account.email, hashed, author)


async def reset_password(conn: WriteConnection, email: str, author: Author) -> str:
    """
    Give an account a new random password; all its sessions end. For operators.

    Returns:
        The password.

    Raises:
        NotFound: nobody has an account with this e-mail.
    """
    account = await users.find_credentials(conn, normal_email(email))
    if account is None:
        raise NotFound(f"nobody has an account with the e-mail {email!r}")
    password = secrets.token_urlsafe(_NEW_PASSWORD_BYTES)
    hashed = await hash_password(password)
    await set_password(conn, account.user_id, normal_email(email), hashed, author)
    return password


async def reset_second_factor(conn: WriteConnection, email: str, author: Author) -> None:
    """
    Ask an account for no second factor any more, and forget its passkeys; all its sessions end. For operators.

    Raises:
        NotFound: nobody has an account with this e-mail.
    """
    account = await users.find_credentials(conn, normal_email(email))
    if account is None:
        raise NotFound(f"nobody has an account with the e-mail {email!r}")
    await second_factor.remove(conn, account.user_id, normal_email(email), author)
    await delete_all_passkeys(conn, account.user_id)
    await end_all_sessions(conn, account.user_id)


async def create_user(conn: WriteConnection, email: str, name: str, author: Author) -> str:
    """
    Make an account without any membership; for operators.

    Returns:
        Its password.

    Raises:
        Conflict: there is one with this e-mail.
        ProtocolError: the e-mail is none.
    """
    normal = normal_email(email)
    if "@" not in normal.strip("@"):
        raise ProtocolError(f"{email!r} is no e-mail address", field="email")
    if await users.find_credentials(conn, normal) is not None:
        raise Conflict(f"there is an account with the e-mail {normal} already")
    password = secrets.token_urlsafe(_NEW_PASSWORD_BYTES)
    user_id = await users.insert_user(
        conn, email=normal, password_hash=await hash_password(password), display_name=name
    )
    target = Target(kind="user", id=str(user_id), name=normal)
    await record_change_by(conn, author, org_id=None, action="user.created", target=target)
    return password


async def set_password(
    conn: WriteConnection, user_id: UserId, email: str, hashed: str, author: Author
) -> None:
    """Give an account another (hashed) password, and end its sessions; the caller commits."""
    await users.set_password_hash(conn, user_id, hashed)
    await end_all_sessions(conn, user_id)
    target = Target(kind="user", id=str(user_id), name=email)
    await record_change_by(conn, author, org_id=None, action="user.password_changed", target=target)
