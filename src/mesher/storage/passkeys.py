"""Passkeys: their public keys, and the challenges that were answered already."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.ids import UserId
from mesher.storage.database import ReadConnection, WriteConnection

# By idx_passkeys_user; a person has few.
_LIST = text("""
    SELECT passkey_id, user_id, credential_id, public_key, sign_count, label, created_at, last_used_at
    FROM passkeys WHERE user_id = :user_id ORDER BY created_at, passkey_id
""")
# By the unique key.
_FIND = text("""
    SELECT passkey_id, user_id, credential_id, public_key, sign_count, label, created_at, last_used_at
    FROM passkeys WHERE credential_id = :credential_id
""")
_INSERT = text("""
    INSERT INTO passkeys (passkey_id, user_id, credential_id, public_key, sign_count, label)
    VALUES (:passkey_id, :user_id, :credential_id, :public_key, :sign_count, :label)
    ON CONFLICT (credential_id) DO NOTHING
    RETURNING 1
""")
# A passkey that counts shows by a lower count that there is a copy of it; one that does not stays at zero.
_USE = text("""
    UPDATE passkeys SET sign_count = :sign_count, last_used_at = :now
    WHERE passkey_id = :passkey_id AND (sign_count < :sign_count OR sign_count = 0 AND :sign_count = 0)
    RETURNING 1
""")
_DELETE = text("""
    DELETE FROM passkeys WHERE user_id = :user_id AND passkey_id = :passkey_id RETURNING 1
""")
_DELETE_ALL = text("DELETE FROM passkeys WHERE user_id = :user_id")
_ANSWER = text("""
    INSERT INTO answered_challenges (challenge_hash, expires_at) VALUES (:challenge_hash, :expires_at)
    ON CONFLICT (challenge_hash) DO NOTHING
    RETURNING 1
""")


class NewPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser made."""

    credential_id: bytes
    public_key: bytes  # COSE, RFC 9052
    sign_count: int


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody logs in by, without a password."""

    passkey_id: uuid.UUID
    user_id: UserId
    credential_id: bytes
    public_key: bytes
    sign_count: int  # 0 for ever with those that do not count
    label: str
    created_at: datetime
    last_used_at: datetime | None


async def list_passkeys(conn: ReadConnection, user_id: UserId) -> list[Passkey]:
    """All of a person, the oldest first."""
    rows = (await conn.execute(_LIST, {"user_id": user_id})).mappings()
    return [msgspec.convert(row, Passkey) for row in rows]


async def find_passkey(conn: ReadConnection, credential_id: bytes) -> Passkey | None:
    """The one that a browser names."""
    row = (await conn.execute(_FIND, {"credential_id": credential_id})).mappings().one_or_none()
    return msgspec.convert(row, Passkey) if row else None


async def insert_passkey(
    conn: WriteConnection, passkey_id: uuid.UUID, user_id: UserId, made: NewPasskey, label: str
) -> bool:
    """Keep a passkey; ``False``: it is somebody's already."""
    values = {
        "passkey_id": passkey_id,
        "user_id": user_id,
        "label": label,
        **msgspec.structs.asdict(made),
    }
    return (await conn.execute(_INSERT, values)).first() is not None


async def use_passkey(
    conn: WriteConnection, passkey_id: uuid.UUID, *, sign_count: int, now: datetime
) -> bool:
    """Note that it was used; ``False``: it is gone, or was used as often by another request."""
    values = {"passkey_id": passkey_id, "sign_count": sign_count, "now": now}
    return (await conn.execute(_USE, values)).first() is not None


async def delete_passkey(conn: WriteConnection, user_id: UserId, passkey_id: uuid.UUID) -> bool:
    """Forget one; ``False``: the person has none such."""
    values = {"user_id": user_id, "passkey_id": passkey_id}
    return (await conn.execute(_DELETE, values)).first() is not None


async def delete_all_passkeys(conn: WriteConnection, user_id: UserId) -> None:
    """Forget all of a person."""
    await conn.execute(_DELETE_ALL, {"user_id": user_id})


async def use_challenge(conn: WriteConnection, challenge_hash: bytes, expires_at: datetime) -> bool:
    """Use a challenge up; ``False``: it was answered before."""
    values = {"challenge_hash": challenge_hash, "expires_at": expires_at}
    return (await conn.execute(_ANSWER, values)).first() is not None
