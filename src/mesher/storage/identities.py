"""Identities at an OpenID provider, and the memberships that its groups give and take."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import text

from mesher.ids import OrgId, UserId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.membership_ends import end_higher_role, end_membership
from mesher.types import Role

_FIND = text("""
    UPDATE user_identities SET last_login_at = now()
    WHERE issuer = :issuer AND subject = :subject
    RETURNING user_id
""")
_INSERT = text("""
    INSERT INTO user_identities (issuer, subject, user_id) VALUES (:issuer, :subject, :user_id)
""")
_FIND_BY_EMAIL = text("SELECT id FROM users WHERE email = :email")
_IS_MEMBER = text("SELECT EXISTS (SELECT FROM org_memberships WHERE user_id = :user_id)")

# Locked, so that of two log-ins at once the second sees what the first made of it.
_FIND_ORGANIZATION = text("SELECT id FROM organizations WHERE slug = :slug FOR NO KEY UPDATE")
_FIND_MEMBERSHIP = text("""
    SELECT role, by_identity FROM org_memberships WHERE user_id = :user_id AND org_id = :org_id
""")
_JOIN = text("""
    INSERT INTO org_memberships (user_id, org_id, role, by_identity)
    VALUES (:user_id, :org_id, :role, true)
""")
_CHANGE_ROLE = text("""
    UPDATE org_memberships SET role = :role, by_identity = true
    WHERE user_id = :user_id AND org_id = :org_id
""")


class RoleChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a log-in did to a membership."""

    org_id: OrgId
    verb: Literal["joined", "role_changed", "removed"]
    role: Role | None  # from now on; None: no member any more


async def find_identity_user(conn: WriteConnection, *, issuer: str, subject: str) -> UserId | None:
    """The user of an identity, whose log-in is noted; ``None`` for one that is new."""
    found = await conn.execute(_FIND, {"issuer": issuer, "subject": subject})
    user_id = found.scalar_one_or_none()
    return UserId(user_id) if user_id else None


async def insert_identity(
    conn: WriteConnection, *, issuer: str, subject: str, user_id: UserId
) -> None:
    """Bind an identity to a user."""
    await conn.execute(_INSERT, {"issuer": issuer, "subject": subject, "user_id": user_id})


async def find_user_by_email(conn: ReadConnection, email: str) -> UserId | None:
    """The user with this e-mail in lower case."""
    user_id = (await conn.execute(_FIND_BY_EMAIL, {"email": email})).scalar_one_or_none()
    return UserId(user_id) if user_id else None


async def is_member_of_any(conn: ReadConnection, user_id: UserId) -> bool:
    """Whether a user belongs to any organisation."""
    return bool((await conn.execute(_IS_MEMBER, {"user_id": user_id})).scalar_one())


async def apply_role(
    conn: WriteConnection, *, user_id: UserId, slug: str, role: Role | None
) -> RoleChange | None:
    """
    Let the provider's groups decide about a membership.

    Args:
        conn: the caller commits.
        user_id: whose.
        slug: of the organisation; nothing happens where there is none.
        role: that the groups give; ``None``: none of them is named for this organisation.

    Returns:
        What changed. A membership that people gave is raised by a group, and neither lowered nor
        taken; one that a group gave follows it. An owner stays one, whatever the groups say.
    """
    org_id = (await conn.execute(_FIND_ORGANIZATION, {"slug": slug})).scalar_one_or_none()
    if org_id is None:
        return None
    keys = {"user_id": user_id, "org_id": org_id}
    present = (await conn.execute(_FIND_MEMBERSHIP, keys)).one_or_none()
    if present is None:
        if role is None:
            return None
        await conn.execute(_JOIN, {**keys, "role": role})
        return RoleChange(org_id=OrgId(org_id), verb="joined", role=role)
    if present.role == role or _stays(present.role, role, by_identity=present.by_identity):
        return None
    if role is None:
        await end_membership(conn, OrgId(org_id), user_id)
        return RoleChange(org_id=OrgId(org_id), verb="removed", role=None)
    await conn.execute(_CHANGE_ROLE, {**keys, "role": role})
    await end_higher_role(conn, OrgId(org_id), user_id, before=present.role, after=role)
    return RoleChange(org_id=OrgId(org_id), verb="role_changed", role=role)


def _stays(present: Role, wanted: Role | None, *, by_identity: bool) -> bool:
    """Whether a membership is left as it is although the groups say otherwise."""
    if present == "owner":  # else a renamed group could leave an organisation without one
        return True
    raised = wanted is not None and (wanted == "owner" or present == "member")
    return not by_identity and not raised
