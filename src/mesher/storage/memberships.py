"""Who belongs to an organisation, and in which role."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.ids import OrgId, UserId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.pages import Page, cut_page, decode_cursor
from mesher.storage.viewer import SEES_ORGANIZATION, Viewer
from mesher.types import Role

# A person's role, by the unique index on user_id and org_id.
_FIND_ROLE = text("""
    SELECT role FROM org_memberships WHERE user_id = :user_id AND org_id = :org_id
""")

# Waits for another change of who belongs to the organisation. NO KEY, so that rows which refer to the
# organisation, as digest writes them, do not wait.
_LOCK = text("SELECT FROM organizations WHERE id = :org_id FOR NO KEY UPDATE")

# When somebody was last here: their latest log-in, or use of a token for this organisation; by
# idx_sessions_user and idx_api_tokens_user, some rows each.
_MEMBER = """
    m.id, m.user_id, u.email, u.display_name, m.role, m.joined_at,
    greatest(
        (SELECT max(s.created_at) FROM sessions AS s WHERE s.user_id = m.user_id),
        (SELECT max(t.last_used_at) FROM api_tokens AS t
         WHERE t.user_id = m.user_id AND t.org_id = m.org_id)
    ) AS last_seen_at
"""

# By the unique index on user_id and org_id.
_FIND = text(f"""
    SELECT {_MEMBER} FROM org_memberships AS m JOIN users AS u ON u.id = m.user_id
    WHERE m.user_id = :user_id AND m.org_id = :org_id
""")

# By the unique indexes on e-mails, which are in lower case, and on user_id and org_id.
_FIND_BY_EMAIL = text(f"""
    SELECT {_MEMBER} FROM org_memberships AS m JOIN users AS u ON u.id = m.user_id
    WHERE u.email = :email AND m.org_id = :org_id
""")

# The members of an organisation in the order in which they came, by idx_org_memberships_org; some
# hundred rows.
_LIST = """
    SELECT {columns} FROM org_memberships AS m JOIN users AS u ON u.id = m.user_id
    WHERE m.org_id = :org_id {after}
    ORDER BY m.joined_at, m.id
    LIMIT :limit
"""

# A viewer's places, by idx_org_memberships_user.
_LIST_MINE = text(f"""
    SELECT m.org_id, o.slug, o.name, m.role, m.joined_at
    FROM org_memberships AS m JOIN organizations AS o ON o.id = m.org_id
    WHERE m.user_id = :viewer_user_id AND {SEES_ORGANIZATION}
    ORDER BY m.joined_at, m.id
""")

_COUNT_OWNERS = text("""
    SELECT count(*) FROM org_memberships WHERE org_id = :org_id AND role = 'owner'
""")

# How many organisations somebody owns, by idx_org_memberships_user.
_COUNT_OWNED = text("""
    SELECT count(*) FROM org_memberships WHERE user_id = :user_id AND role = 'owner'
""")

_INSERT_IF_NEW = text("""
    INSERT INTO org_memberships (user_id, org_id, role) VALUES (:user_id, :org_id, :role)
    ON CONFLICT (user_id, org_id) DO NOTHING
""")

_SET_ROLE = text("""
    UPDATE org_memberships SET role = :role WHERE user_id = :user_id AND org_id = :org_id
""")

_DELETE = text("DELETE FROM org_memberships WHERE user_id = :user_id AND org_id = :org_id")


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person in an organisation."""

    user_id: uuid.UUID
    email: str
    display_name: str
    role: Role
    joined_at: datetime
    # The latest log-in, or use of a token for this organisation, which is known to the hour.
    last_seen_at: datetime | None


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """A person's place in an organisation, from their side."""

    org_id: uuid.UUID
    slug: str
    name: str
    role: Role
    joined_at: datetime


async def list_memberships(conn: ReadConnection, viewer: Viewer) -> list[Membership]:
    """The organisations that a viewer belongs to, in the order in which they came to them."""
    result = await conn.execute(_LIST_MINE, viewer.as_parameters())
    return [msgspec.convert(row, Membership) for row in result.mappings()]


async def find_role(conn: ReadConnection, user_id: UserId, org_id: OrgId) -> Role | None:
    """The role of a person in an organisation; ``None`` where they are no member."""
    result = await conn.execute(_FIND_ROLE, {"user_id": user_id, "org_id": org_id})
    role: Role | None = result.scalar_one_or_none()
    return role


async def lock_members(conn: WriteConnection, org_id: OrgId) -> None:
    """
    Let nobody else change who belongs to the organisation until the transaction ends.

    What was read of it before may be out of date: read it again.
    """
    await conn.execute(_LOCK, {"org_id": org_id})


async def find_member(conn: ReadConnection, org_id: OrgId, user_id: uuid.UUID) -> Member | None:
    """A member of an organisation."""
    result = await conn.execute(_FIND, {"user_id": user_id, "org_id": org_id})
    row = result.mappings().one_or_none()
    return msgspec.convert(row, Member) if row else None


async def find_member_by_email(conn: ReadConnection, org_id: OrgId, email: str) -> Member | None:
    """The member of an organisation who has this e-mail, in any case."""
    if "\0" in email:  # which PostgreSQL refuses, so nobody has one
        return None
    result = await conn.execute(_FIND_BY_EMAIL, {"email": email.lower(), "org_id": org_id})
    row = result.mappings().one_or_none()
    return msgspec.convert(row, Member) if row else None


async def list_members(
    conn: ReadConnection, org_id: OrgId, *, limit: int, cursor: str | None
) -> Page[Member]:
    """
    One page of the members of an organisation, those who came first before the others.

    Raises:
        ProtocolError: the cursor is not one of this list.
    """
    values: dict[str, object] = {"org_id": org_id, "limit": limit + 1}
    after = ""
    if cursor:
        values["joined_at"], values["id"] = decode_cursor(cursor, tuple[datetime, uuid.UUID])
        after = "AND (m.joined_at, m.id) > (:joined_at, :id)"
    result = await conn.execute(text(_LIST.format(columns=_MEMBER, after=after)), values)
    # A member is told without the id of the membership, which the order has.
    page = cut_page(list(result.mappings()), limit, lambda row: (row["joined_at"], row["id"]))
    return Page([msgspec.convert(row, Member) for row in page.items], page.next_cursor)


async def count_owners(conn: ReadConnection, org_id: OrgId) -> int:
    """How many owners an organisation has."""
    return int((await conn.execute(_COUNT_OWNERS, {"org_id": org_id})).scalar_one())


async def count_owned(conn: ReadConnection, user_id: UserId) -> int:
    """How many organisations somebody owns."""
    return int((await conn.execute(_COUNT_OWNED, {"user_id": user_id})).scalar_one())


async def insert_if_new(
    conn: WriteConnection, *, user_id: UserId, org_id: OrgId, role: Role
) -> bool:
    """Make a user a member of an organisation; ``False`` where they are one already."""
    values = {"user_id": user_id, "org_id": org_id, "role": role}
    return (await conn.execute(_INSERT_IF_NEW, values)).rowcount == 1


async def set_role(conn: WriteConnection, *, user_id: uuid.UUID, org_id: OrgId, role: Role) -> None:
    """Give a member another role."""
    await conn.execute(_SET_ROLE, {"user_id": user_id, "org_id": org_id, "role": role})


async def delete_membership(conn: WriteConnection, *, user_id: uuid.UUID, org_id: OrgId) -> None:
    """Let somebody belong to an organisation no more."""
    await conn.execute(_DELETE, {"user_id": user_id, "org_id": org_id})
