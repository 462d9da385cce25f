"""Who belongs to an organisation, and in which role."""

from __future__ import annotations

from sqlalchemy import text

from mesher.ids import OrgId, UserId
from mesher.storage.database import ReadConnection
from mesher.types import Role

# A person's role, by the unique index on user_id and org_id.
_FIND_ROLE = text("""
    SELECT role FROM org_memberships WHERE user_id = :user_id AND org_id = :org_id
""")


async def find_role(conn: ReadConnection, user_id: UserId, org_id: OrgId) -> Role | None:
    """The role of a person in an organisation; ``None`` where they are no member."""
    result = await conn.execute(_FIND_ROLE, {"user_id": user_id, "org_id": org_id})
    role: Role | None = result.scalar_one_or_none()
    return role
