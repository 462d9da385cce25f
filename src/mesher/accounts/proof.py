"""The password once more, before something that a stolen session or token must not do."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from mesher.accounts.passwords import LoginThrottle, verify_password
from mesher.errors import Forbidden
from mesher.ids import UserId
from mesher.storage import users
from mesher.storage.database import reading
from mesher.storage.users import Account


async def require_password(
    engine: AsyncEngine,
    throttle: LoginThrottle,
    user_id: UserId,
    *,
    password: str,
    address: str,
    now: datetime,
    field: str = "password",
) -> Account:
    """
    Whether somebody who is known knows their password; the account.

    Tries are counted as log-ins are, since who guesses here guesses the same password.

    Raises:
        Forbidden: it is another.
        RateLimited: too many failures.
    """
    async with reading(engine) as conn:
        account = await users.find_account(conn, user_id)
    throttle.begin(account.email, address, now.timestamp())
    if not await verify_password(account.password_hash, password):
        what = "current password" if field == "current_password" else "password"
        raise Forbidden(f"the {what} is another", field=field)
    throttle.succeeded(account.email, address)
    return account
