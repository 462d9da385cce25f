"""API tokens, by the hash of their text."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.ids import OrgId, ProjectId, UserId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.types import TokenScope

# Whose token this is, by the unique index on token_hash.
_FIND_TOKEN = text("""
    SELECT t.user_id, t.org_id, t.project_id, t.name, t.scope, t.last_used_at
    FROM api_tokens AS t
    WHERE t.token_hash = :token_hash AND t.revoked_at IS NULL
""")

_INSERT_TOKEN = text("""
    INSERT INTO api_tokens (user_id, org_id, project_id, name, token_hash, scope)
    VALUES (:user_id, :org_id, :project_id, :name, :token_hash, :scope)
""")

_NOTE_USE = text("UPDATE api_tokens SET last_used_at = now() WHERE token_hash = :token_hash")


class TokenGrant(msgspec.Struct, frozen=True, kw_only=True):
    """What a token opens: what its user sees, within its organisation or one project of it."""

    user_id: UserId
    org_id: OrgId
    project_id: ProjectId | None
    name: str
    scope: TokenScope
    last_used_at: datetime | None


async def find_token(conn: ReadConnection, token_hash: str) -> TokenGrant | None:
    """The grant of a token that is not revoked."""
    row = (await conn.execute(_FIND_TOKEN, {"token_hash": token_hash})).one_or_none()
    return TokenGrant(**row._asdict()) if row else None


async def insert_token(
    conn: WriteConnection,
    *,
    user_id: UserId,
    org_id: OrgId,
    project_id: ProjectId | None,
    name: str,
    token_hash: str,
    scope: TokenScope,
) -> None:
    """Make a token; ``project_id`` of ``None`` is the whole organisation."""
    values = {
        "user_id": user_id,
        "org_id": org_id,
        "project_id": project_id,
        "name": name,
        "token_hash": token_hash,
        "scope": scope,
    }
    await conn.execute(_INSERT_TOKEN, values)


async def note_token_use(conn: WriteConnection, token_hash: str) -> None:
    """Write down that a token was used now."""
    await conn.execute(_NOTE_USE, {"token_hash": token_hash})
