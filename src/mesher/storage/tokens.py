"""API tokens, by the hash of their text."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.ids import OrgId, ProjectId, UserId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.viewer import Viewer
from mesher.types import ApiToken, Organization, TokenScope

_COLUMNS = ", ".join(f"t.{name}" for name in ApiToken.__fields__())

# Whose token this is, by the unique index on token_hash.
_FIND_TOKEN = text("""
    SELECT t.user_id, t.org_id, t.project_id, t.name, t.scope, t.last_used_at
    FROM api_tokens AS t
    WHERE t.token_hash = :token_hash AND t.revoked_at IS NULL
""")

_INSERT_TOKEN = text(f"""
    INSERT INTO api_tokens AS t (user_id, org_id, project_id, name, token_hash, scope)
    VALUES (:user_id, :org_id, :project_id, :name, :token_hash, :scope)
    RETURNING {_COLUMNS}
""")

# A person's tokens for an organisation, by idx_api_tokens_user; those for one project see no others.
_OF_VIEWER = """
    t.user_id = :viewer_user_id AND t.org_id = :org_id AND t.revoked_at IS NULL
    AND (CAST(:viewer_project_id AS uuid) IS NULL OR t.project_id = :viewer_project_id)
"""
_LIST_TOKENS = text(f"""
    SELECT {_COLUMNS} FROM api_tokens AS t WHERE {_OF_VIEWER}
    ORDER BY t.created_at, t.id
    LIMIT :limit
""")
_REVOKE_TOKEN = text(f"""
    UPDATE api_tokens AS t SET revoked_at = now() WHERE t.id = :id AND {_OF_VIEWER}
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
) -> ApiToken:
    """Make a token; ``project_id`` of ``None`` is the whole organisation."""
    values = {
        "user_id": user_id,
        "org_id": org_id,
        "project_id": project_id,
        "name": name,
        "token_hash": token_hash,
        "scope": scope,
    }
    result = await conn.execute(_INSERT_TOKEN, values)
    return ApiToken.from_row(result.mappings().one())


async def list_tokens(
    conn: ReadConnection, viewer: Viewer, organization: Organization, *, limit: int
) -> list[ApiToken]:
    """The tokens of the viewer for an organisation that are not revoked, oldest first."""
    values = {**viewer.as_parameters(), "org_id": organization.id, "limit": limit}
    result = await conn.execute(_LIST_TOKENS, values)
    return [ApiToken.from_row(row) for row in result.mappings()]


async def revoke_token(
    conn: WriteConnection, viewer: Viewer, organization: Organization, token_id: uuid.UUID
) -> bool:
    """Take back a token of the viewer's; ``False`` where there is none to take back."""
    values = {**viewer.as_parameters(), "org_id": organization.id, "id": token_id}
    return (await conn.execute(_REVOKE_TOKEN, values)).rowcount == 1


async def note_token_use(conn: WriteConnection, token_hash: str) -> None:
    """Write down that a token was used now."""
    await conn.execute(_NOTE_USE, {"token_hash": token_hash})
