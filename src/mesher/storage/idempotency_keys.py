"""Requests that were sent with a key, so that they are not done twice."""

from __future__ import annotations

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.short_lived import IDEMPOTENCY_HOURS

# The primary key lets one of several at a time through; one that is too old counts as none.
_CLAIM = text("""
    INSERT INTO idempotency_keys AS k (caller, key, request) VALUES (:caller, :key, :request)
    ON CONFLICT (caller, key) DO UPDATE
    SET request = excluded.request, status = NULL, answer = NULL, at = now()
    WHERE k.at < now() - make_interval(hours => :hours)
    RETURNING 1
""")
_FIND = text("""
    SELECT k.request, k.status, k.answer FROM idempotency_keys AS k
    WHERE k.caller = :caller AND k.key = :key
""")
_ANSWER = text("""
    UPDATE idempotency_keys SET status = :status, answer = :answer
    WHERE caller = :caller AND key = :key
""")
_RELEASE = text("DELETE FROM idempotency_keys WHERE caller = :caller AND key = :key")


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an earlier request with a key."""

    request: bytes
    status: int | None  # None: it is being answered, or the process ended over it
    answer: bytes | None


async def claim_key(conn: WriteConnection, caller: bytes, key: str, request: bytes) -> bool:
    """Whether this is the first request with its key; the caller commits before it is done."""
    values = {"caller": caller, "key": key, "request": request, "hours": IDEMPOTENCY_HOURS}
    return (await conn.execute(_CLAIM, values)).first() is not None


async def find_earlier(conn: ReadConnection, caller: bytes, key: str) -> Earlier | None:
    """The earlier request with a key."""
    row = (await conn.execute(_FIND, {"caller": caller, "key": key})).mappings().one_or_none()
    return msgspec.convert(row, Earlier) if row else None


async def keep_answer(
    conn: WriteConnection, caller: bytes, key: str, *, status: int, answer: bytes
) -> None:
    """Note what a request was answered with; the caller commits."""
    values = {"caller": caller, "key": key, "status": status, "answer": answer}
    await conn.execute(_ANSWER, values)


async def release_key(conn: WriteConnection, caller: bytes, key: str) -> None:
    """Forget a request of which nothing was done; the caller commits."""
    await conn.execute(_RELEASE, {"caller": caller, "key": key})
