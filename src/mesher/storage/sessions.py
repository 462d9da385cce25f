"""The sessions of one person, by what tells them apart without opening them."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.ids import UserId
from mesher.storage.database import ReadConnection, WriteConnection

# Of the 64 digits of the token's hash: enough that two of one person's never meet.
ID_CHARACTERS = 16

# By idx_sessions_user.
_LIST = text(f"""
    SELECT left(token, {ID_CHARACTERS}) AS id, created_at, expires_at
    FROM sessions WHERE user_id = :user_id AND expires_at > now()
    ORDER BY created_at DESC, token
""")
_DELETE = text(f"""
    DELETE FROM sessions WHERE user_id = :user_id AND left(token, {ID_CHARACTERS}) = :id
""")
_DELETE_ALL = text("DELETE FROM sessions WHERE user_id = :user_id")


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A log-in that has not ended."""

    id: str  # the beginning of its token's hash, which opens nothing
    created_at: datetime
    expires_at: datetime


async def list_sessions(conn: ReadConnection, user_id: UserId) -> list[SessionInfo]:
    """The sessions of a person, the latest first."""
    result = await conn.execute(_LIST, {"user_id": user_id})
    return [msgspec.convert(row, SessionInfo) for row in result.mappings()]


async def end_session(conn: WriteConnection, user_id: UserId, session_id: str) -> None:
    """End one session of a person; one that is not there is no error."""
    await conn.execute(_DELETE, {"user_id": user_id, "id": session_id.replace("\0", "")})


async def end_all_sessions(conn: WriteConnection, user_id: UserId) -> None:
    """End every session of a person."""
    await conn.execute(_DELETE_ALL, {"user_id": user_id})
