"""Second factors and recovery codes; all by primary key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.ids import UserId
from mesher.storage.database import ReadConnection, WriteConnection

_FIND = text("""
    SELECT f.secret, f.confirmed_at,
        (SELECT count(*) FROM recovery_codes AS c WHERE c.user_id = f.user_id) AS recovery_codes
    FROM second_factors AS f WHERE f.user_id = :user_id
""")
# One that was never confirmed is replaced; one that is in use is not.
_BEGIN = text("""
    INSERT INTO second_factors AS f (user_id, secret) VALUES (:user_id, :secret)
    ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = now(), last_step = NULL
    WHERE f.confirmed_at IS NULL
    RETURNING 1
""")
_CONFIRM = text("""
    UPDATE second_factors SET confirmed_at = :now
    WHERE user_id = :user_id AND confirmed_at IS NULL
    RETURNING 1
""")
# A code is taken once: of two requests with the same one the second finds the step used.
_USE_STEP = text("""
    UPDATE second_factors SET last_step = :step
    WHERE user_id = :user_id AND (last_step IS NULL OR last_step < :step)
    RETURNING 1
""")
_DELETE = text("DELETE FROM second_factors WHERE user_id = :user_id")
_DELETE_CODES = text("DELETE FROM recovery_codes WHERE user_id = :user_id")
_INSERT_CODE = text("""
    INSERT INTO recovery_codes (user_id, code_hash) VALUES (:user_id, :code_hash)
""")
_USE_CODE = text("""
    DELETE FROM recovery_codes WHERE user_id = :user_id AND code_hash = :code_hash RETURNING 1
""")


class SecondFactor(msgspec.Struct, frozen=True, kw_only=True):
    """A person's second factor; for ``accounts`` alone."""

    secret: bytes  # sealed
    confirmed_at: datetime | None  # None: it is not asked for yet
    recovery_codes: int  # that are left

    def __repr__(self) -> str:
        """Without the secret, so that no log or traceback shows it."""
        return f"SecondFactor(confirmed_at={self.confirmed_at})"


async def find_second_factor(conn: ReadConnection, user_id: UserId) -> SecondFactor | None:
    """The second factor of a person, confirmed or not."""
    row = (await conn.execute(_FIND, {"user_id": user_id})).mappings().one_or_none()
    return msgspec.convert(row, SecondFactor) if row else None


async def begin_second_factor(conn: WriteConnection, user_id: UserId, secret: bytes) -> bool:
    """Keep a (sealed) secret that is still to be confirmed; ``False``: one is in use."""
    values = {"user_id": user_id, "secret": secret}
    return (await conn.execute(_BEGIN, values)).first() is not None


async def confirm_second_factor(conn: WriteConnection, user_id: UserId, now: datetime) -> bool:
    """Ask for it from now on; ``False``: it is asked for already."""
    return (await conn.execute(_CONFIRM, {"user_id": user_id, "now": now})).first() is not None


async def use_step(conn: WriteConnection, user_id: UserId, step: int) -> bool:
    """Use up the code of a step of the clock, and all before; ``False``: it was used."""
    return (await conn.execute(_USE_STEP, {"user_id": user_id, "step": step})).first() is not None


async def use_recovery_code(conn: WriteConnection, user_id: UserId, code_hash: str) -> bool:
    """Use up a recovery code; ``False``: there is none such (any more)."""
    values = {"user_id": user_id, "code_hash": code_hash}
    return (await conn.execute(_USE_CODE, values)).first() is not None


async def replace_recovery_codes(
    conn: WriteConnection, user_id: UserId, code_hashes: Sequence[str]
) -> None:
    """Let these be a person's recovery codes, and no others."""
    await conn.execute(_DELETE_CODES, {"user_id": user_id})
    for code_hash in code_hashes:
        await conn.execute(_INSERT_CODE, {"user_id": user_id, "code_hash": code_hash})


async def delete_second_factor(conn: WriteConnection, user_id: UserId) -> None:
    """Ask for it no more."""
    await conn.execute(_DELETE, {"user_id": user_id})
    await conn.execute(_DELETE_CODES, {"user_id": user_id})
