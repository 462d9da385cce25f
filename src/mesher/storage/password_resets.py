"""Links for people who have forgotten their password, as pages ask for them and use them."""

from __future__ import annotations

import msgspec
from sqlalchemy import text

from mesher.ids import UserId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.job_queue import MAIL_RESET_LINK

_QUEUE = text("""
    SELECT procrastinate_defer_jobs_v1(ARRAY[
        ROW('default', :task, 0, NULL, NULL, CAST(:arguments AS jsonb), NULL)
        ::procrastinate_job_to_defer_v1
    ])
""")
# By primary key.
_FIND = text("""
    SELECT r.user_id FROM password_resets AS r
    WHERE r.token_hash = :token_hash AND r.expires_at > now()
""")
_USE = text("""
    DELETE FROM password_resets AS r WHERE r.token_hash = :token_hash AND r.expires_at > now()
    RETURNING r.user_id
""")


async def queue_reset(conn: WriteConnection, sealed_email: str) -> None:
    """Have the jobs process mail a link to whoever has an e-mail; the caller commits."""
    arguments = msgspec.json.encode({"sealed_email": sealed_email}).decode()
    await conn.execute(_QUEUE, {"task": MAIL_RESET_LINK, "arguments": arguments})


async def has_reset(conn: ReadConnection, token_hash: str) -> bool:
    """Whether a link is valid."""
    return (await conn.execute(_FIND, {"token_hash": token_hash})).first() is not None


async def use_reset(conn: WriteConnection, token_hash: str) -> UserId | None:
    """Use a link up: whose it was; ``None``: it is not valid (any more)."""
    user_id = (await conn.execute(_USE, {"token_hash": token_hash})).scalar_one_or_none()
    return UserId(user_id) if user_id else None
