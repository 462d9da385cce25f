"""API tokens, by the hash of their text."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from mesher.ids import OrgId, ProjectId, UserId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.pages import Page, cut_page, decode_cursor
from mesher.storage.viewer import Viewer
from mesher.types import ApiToken, Organization, TokenScope

_COLUMNS = ", ".join(f"t.{name}" for name in ApiToken.__fields__())

# Whose token this is, by the unique index on token_hash.
_FIND_TOKEN = text("""
    SELECT t.user_id, coalesce(nullif(u.display_name, ''), u.email) AS user_name,
        t.org_id, t.project_id, t.name, t.scope, t.last_used_at
    FROM api_tokens AS t JOIN users AS u ON u.id = t.user_id
    WHERE t.token_hash = :token_hash AND t.revoked_at IS NULL
        AND (t.expires_at IS NULL OR t.expires_at > now())
""")

_INSERT_TOKEN = text(f"""
    INSERT INTO api_tokens AS t (user_id, org_id, project_id, name, token_hash, scope, expires_at)
    VALUES (:user_id, :org_id, :project_id, :name, :token_hash, :scope, :expires_at)
    RETURNING {_COLUMNS}
""")

# A person's tokens for an organisation, by idx_api_tokens_user; those for one project see no others.
_OF_VIEWER = """
    t.user_id = :viewer_user_id AND t.org_id = :org_id AND t.revoked_at IS NULL
    AND (CAST(:viewer_project_id AS uuid) IS NULL OR t.project_id = :viewer_project_id)
"""
# Everybody's, by idx_api_tokens_org.
_OF_ORGANIZATION = "t.org_id = :org_id AND t.revoked_at IS NULL"
_REVOKE = """
    UPDATE api_tokens AS t SET revoked_at = now() WHERE t.id = :id AND {whose} RETURNING {columns}
"""

# When somebody leaves, by idx_api_tokens_user.
_REVOKE_OF_MEMBER = text("""
    UPDATE api_tokens SET revoked_at = now()
    WHERE user_id = :user_id AND org_id = :org_id AND revoked_at IS NULL
""")

_NOTE_USE = text("UPDATE api_tokens SET last_used_at = now() WHERE token_hash = :token_hash")


class TokenGrant(msgspec.Struct, frozen=True, kw_only=True):
    """What a token opens: what its user sees, within its organisation or one project of it."""

    user_id: UserId
    user_name: str
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
    expires_at: datetime | None = None,
) -> ApiToken:
    """
    Make a token; ``project_id`` of ``None`` is the whole organisation, ``expires_at`` of ``None``
    never.
    """
    values = {
        "user_id": user_id,
        "org_id": org_id,
        "project_id": project_id,
        "name": name,
        "token_hash": token_hash,
        "scope": scope,
        "expires_at": expires_at,
    }
    result = await conn.execute(_INSERT_TOKEN, values)
    return ApiToken.from_row(result.mappings().one())


async def list_tokens(
    conn: ReadConnection,
    viewer: Viewer,
    organization: Organization,
    *,
    everybody: bool = False,
    limit: int,
    cursor: str | None = None,
) -> Page[ApiToken]:
    """
    One page of the tokens for an organisation that are not revoked, oldest first: the viewer's, or
    those of ``everybody``. What has expired is listed, too.

    Raises:
        ProtocolError: the cursor is not one of this list.
    """
    values: dict[str, Any] = {
        **viewer.as_parameters(),
        "org_id": organization.id,
        "limit": limit + 1,
    }
    after = ""
    if cursor:
        values["created_at"], values["id"] = decode_cursor(cursor, tuple[datetime, uuid.UUID])
        after = "AND (t.created_at, t.id) > (:created_at, :id)"
    result = await conn.execute(
        text(f"""
            SELECT {_COLUMNS} FROM api_tokens AS t
            WHERE {_OF_ORGANIZATION if everybody else _OF_VIEWER} {after}
            ORDER BY t.created_at, t.id
            LIMIT :limit
        """),
        values,
    )
    found = [ApiToken.from_row(row) for row in result.mappings()]
    return cut_page(found, limit, lambda token: (token.created_at, token.id))


async def revoke_token(
    conn: WriteConnection,
    viewer: Viewer,
    organization: Organization,
    token_id: uuid.UUID,
    *,
    everybody: bool = False,
) -> ApiToken | None:
    """
    Take back a token of the viewer's, or of ``everybody``; ``None`` where there is none to take back.
    """
    values = {**viewer.as_parameters(), "org_id": organization.id, "id": token_id}
    whose = _OF_ORGANIZATION if everybody else _OF_VIEWER
    result = await conn.execute(text(_REVOKE.format(whose=whose, columns=_COLUMNS)), values)
    row = result.mappings().one_or_none()
    return ApiToken.from_row(row) if row else None


async def revoke_tokens_of(conn: WriteConnection, org_id: OrgId, user_id: uuid.UUID) -> int:
    """Take back all tokens of somebody for an organisation; how many there were."""
    values = {"org_id": org_id, "user_id": user_id}
    return (await conn.execute(_REVOKE_OF_MEMBER, values)).rowcount


async def note_token_use(conn: WriteConnection, token_hash: str) -> None:
    """Write down that a token was used now."""
    await conn.execute(_NOTE_USE, {"token_hash": token_hash})
