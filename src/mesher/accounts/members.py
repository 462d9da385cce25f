"""
Who belongs to an organisation, and as what.

An admin makes admins and members of others, and lets them go; only an owner makes owners, or unmakes
them. An organisation always keeps an owner. All changes of one organisation's members wait for each
other, so that of two owners who leave at once one stays.
"""

from __future__ import annotations

import uuid

from mesher.errors import Conflict, Forbidden, NotFound
from mesher.ids import OrgId, UserId
from mesher.storage import memberships
from mesher.storage.audit_log import Author, Target, differences, record_change_by
from mesher.storage.database import WriteConnection
from mesher.storage.membership_ends import end_higher_role, end_membership
from mesher.storage.memberships import Member
from mesher.types import Role


def require_may_give(acting: Role | None, before: Role | None, after: Role | None) -> None:
    """
    Refuse a change of somebody else's place that the role of whoever acts does not allow.

    Args:
        acting: the role of who acts; ``None`` = no member.
        before: the role that somebody has; ``None`` = none yet.
        after: the role that they are to have; ``None`` = none any more.

    Raises:
        Forbidden: a member changes nothing, and an admin nothing about owners.
    """
    if acting not in {"owner", "admin"}:
        raise Forbidden(
            f"this needs the role admin in the organization; yours is {acting or 'none'}",
            hint="ask an owner of the organization",
        )
    if acting != "owner" and "owner" in {before, after}:
        raise Forbidden(
            "only an owner makes somebody an owner, or changes one",
            hint="ask an owner of the organization",
        )


async def change_role(
    conn: WriteConnection,
    author: Author,
    acting: UserId,
    org_id: OrgId,
    *,
    user_id: uuid.UUID,
    role: Role,
) -> Member:
    """
    Give a member of an organisation another role.

    Args:
        conn: the caller commits.
        author: for the record.
        acting: who does it.
        org_id: of an (accessible) organisation.
        user_id: whose role.
        role: that they are to have.

    Raises:
        NotFound: they are no member.
        Forbidden: the one who acts may not.
        Conflict: it would leave the organisation without an owner.
    """
    await memberships.lock_members(conn, org_id)
    member = await _member(conn, org_id, user_id)
    require_may_give(await memberships.find_role(conn, acting, org_id), member.role, role)
    if member.role == role:
        return member
    if member.role == "owner":
        await _require_another_owner(conn, org_id)
    await memberships.set_role(conn, user_id=user_id, org_id=org_id, role=role)
    await end_higher_role(conn, org_id, user_id, before=member.role, after=role)
    await record_change_by(
        conn,
        author,
        org_id=org_id,
        action="member.role_changed",
        target=_target(member),
        details=differences({"role": member.role}, {"role": role}),
    )
    return await _member(conn, org_id, user_id)


async def remove_member(
    conn: WriteConnection, author: Author, acting: UserId, org_id: OrgId, user_id: uuid.UUID
) -> None:
    """
    Let somebody belong to an organisation no more, as ``end_membership`` does.

    Everybody may leave; the arguments and errors are those of ``change_role``.
    """
    await memberships.lock_members(conn, org_id)
    member = await _member(conn, org_id, user_id)
    leaves = user_id == acting
    if not leaves:
        require_may_give(await memberships.find_role(conn, acting, org_id), member.role, None)
    if member.role == "owner":
        await _require_another_owner(conn, org_id)
    revoked = await end_membership(conn, org_id, user_id)
    await record_change_by(
        conn,
        author,
        org_id=org_id,
        action="member.left" if leaves else "member.removed",
        target=_target(member),
        details={"role": member.role, "tokens_revoked": revoked},
    )


async def _member(conn: WriteConnection, org_id: OrgId, user_id: uuid.UUID) -> Member:
    member = await memberships.find_member(conn, org_id, user_id)
    if member is None:
        raise NotFound("there is no such member")
    return member


async def _require_another_owner(conn: WriteConnection, org_id: OrgId) -> None:
    if await memberships.count_owners(conn, org_id) < 2:
        raise Conflict(
            "the organization has no other owner", hint="make somebody else an owner first"
        )


def _target(member: Member) -> Target:
    return Target(kind="member", id=str(member.user_id), name=member.email)
