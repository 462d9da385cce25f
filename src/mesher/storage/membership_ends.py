"""What goes with a membership, or with a higher role: whoever takes it away calls this."""

from __future__ import annotations

import uuid

from mesher.ids import OrgId
from mesher.storage.database import WriteConnection
from mesher.storage.invitations import delete_invitations_of
from mesher.storage.issue_states import unassign_member
from mesher.storage.memberships import delete_membership
from mesher.storage.tokens import revoke_tokens_of
from mesher.types import ROLES, Role


async def end_membership(conn: WriteConnection, org_id: OrgId, user_id: uuid.UUID) -> int:
    """
    Let somebody belong to an organisation no more, with their tokens for it and the invitations that they
    made; issues that were assigned to them are nobody's.

    Returns:
        How many tokens were revoked.
    """
    await delete_membership(conn, user_id=user_id, org_id=org_id)
    await unassign_member(conn, org_id=org_id, user_id=user_id)
    await delete_invitations_of(conn, org_id, user_id)
    return await revoke_tokens_of(conn, org_id, user_id)


async def end_higher_role(
    conn: WriteConnection, org_id: OrgId, user_id: uuid.UUID, *, before: Role, after: Role
) -> None:
    """Take back the invitations that somebody with a lower role could not have made."""
    if ROLES.index(after) > ROLES.index(before):
        await delete_invitations_of(conn, org_id, user_id)
