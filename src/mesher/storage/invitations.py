"""Invitations to organisations, by the hash of what their link holds."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.ids import OrgId, UserId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.types import Role

_COLUMNS = "i.id, i.role, i.email, i.invited_by, i.created_at, i.expires_at"

_INSERT = text(f"""
    INSERT INTO invitations AS i (org_id, role, email, token_hash, invited_by, expires_at)
    VALUES (:org_id, :role, :email, :token_hash, :invited_by, :expires_at)
    RETURNING {_COLUMNS}
""")

# Those that can be accepted, oldest first, by idx_invitations_org; the organisation has some.
_LIST = text(f"""
    SELECT {_COLUMNS} FROM invitations AS i
    WHERE i.org_id = :org_id AND i.expires_at > :now
    ORDER BY i.created_at, i.id
""")

_DELETE = text(f"""
    DELETE FROM invitations AS i WHERE i.id = :id AND i.org_id = :org_id RETURNING {_COLUMNS}
""")

# Nobody can accept them any more; by idx_invitations_org.
_DELETE_EXPIRED = text("DELETE FROM invitations WHERE org_id = :org_id AND expires_at <= :now")

# Those that somebody made, by idx_invitations_inviter.
_DELETE_OF_INVITER = text("""
    DELETE FROM invitations WHERE org_id = :org_id AND invited_by = :user_id
""")

# The invitation of a link, by the unique index on token_hash.
_FIND_OPEN = text("""
    SELECT i.id, i.org_id, o.name AS organization_name, i.role, i.email
    FROM invitations AS i JOIN organizations AS o ON o.id = i.org_id
    WHERE i.token_hash = :token_hash AND i.expires_at > :now
""")

# The same, which then is no more: of two who accept at once the second waits, and finds nothing.
_TAKE = text("""
    DELETE FROM invitations AS i USING organizations AS o
    WHERE i.token_hash = :token_hash AND i.expires_at > :now AND o.id = i.org_id
    RETURNING i.id, i.org_id, o.name AS organization_name, i.role, i.email
""")


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation, as admins of the organisation see it."""

    id: uuid.UUID
    role: Role
    email: str | None  # who alone may accept; None: whoever has the link
    invited_by: uuid.UUID
    created_at: datetime
    expires_at: datetime


class OpenInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation, as whoever has its link sees it."""

    id: uuid.UUID
    org_id: OrgId
    organization_name: str
    role: Role
    email: str | None


async def insert_invitation(
    conn: WriteConnection,
    *,
    org_id: OrgId,
    role: Role,
    email: str | None,
    token_hash: str,
    invited_by: UserId,
    expires_at: datetime,
) -> Invitation:
    """Invite somebody; the e-mail is in lower case."""
    values = {
        "org_id": org_id,
        "role": role,
        "email": email,
        "token_hash": token_hash,
        "invited_by": invited_by,
        "expires_at": expires_at,
    }
    result = await conn.execute(_INSERT, values)
    return msgspec.convert(result.mappings().one(), Invitation)


async def list_invitations(
    conn: ReadConnection, org_id: OrgId, *, now: datetime
) -> list[Invitation]:
    """The invitations of an organisation that can be accepted, oldest first."""
    result = await conn.execute(_LIST, {"org_id": org_id, "now": now})
    return [msgspec.convert(row, Invitation) for row in result.mappings()]


async def delete_invitation(
    conn: WriteConnection, org_id: OrgId, invitation_id: uuid.UUID
) -> Invitation | None:
    """Take an invitation back, and tell what it was; ``None`` where there is none."""
    result = await conn.execute(_DELETE, {"org_id": org_id, "id": invitation_id})
    row = result.mappings().one_or_none()
    return msgspec.convert(row, Invitation) if row else None


async def delete_expired(conn: WriteConnection, org_id: OrgId, *, now: datetime) -> None:
    """Remove the invitations of an organisation that nobody can accept any more."""
    await conn.execute(_DELETE_EXPIRED, {"org_id": org_id, "now": now})


async def delete_invitations_of(conn: WriteConnection, org_id: OrgId, user_id: uuid.UUID) -> int:
    """Take back what somebody has invited others with; how many there were."""
    result = await conn.execute(_DELETE_OF_INVITER, {"org_id": org_id, "user_id": user_id})
    return result.rowcount


async def find_open(
    conn: ReadConnection, token_hash: str, *, now: datetime
) -> OpenInvitation | None:
    """The invitation of a link, if it can be accepted."""
    result = await conn.execute(_FIND_OPEN, {"token_hash": token_hash, "now": now})
    row = result.mappings().one_or_none()
    return msgspec.convert(row, OpenInvitation) if row else None


async def take_open(
    conn: WriteConnection, token_hash: str, *, now: datetime
) -> OpenInvitation | None:
    """The same; once the transaction commits, nobody can accept it any more."""
    result = await conn.execute(_TAKE, {"token_hash": token_hash, "now": now})
    row = result.mappings().one_or_none()
    return msgspec.convert(row, OpenInvitation) if row else None
