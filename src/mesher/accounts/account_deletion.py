"""Deleting one's account, and with it all that is only of this person."""

from __future__ import annotations

from mesher.accounts.members import remove_member
from mesher.errors import Conflict
from mesher.ids import OrgId, UserId
from mesher.storage import users
from mesher.storage.audit_log import Author, Target, record_change_by
from mesher.storage.database import WriteConnection
from mesher.storage.memberships import list_memberships
from mesher.storage.viewer import Viewer


async def delete_account(conn: WriteConnection, author: Author, user_id: UserId) -> None:
    """
    Leave all organisations and be forgotten: sessions, tokens, second factor, e-mail and name.

    Comments stay, with the name that they were written under, and so do the organisations' records of
    changes. The caller commits.

    Raises:
        Conflict: somebody has to be made an owner in their place first.
    """
    for membership in await list_memberships(conn, Viewer(user_id=user_id)):
        try:
            await remove_member(conn, author, user_id, OrgId(membership.org_id), user_id)
        except Conflict as error:
            raise Conflict(
                f"you are the only owner of the organization {membership.name}",
                hint="make somebody else an owner, or delete the organization first",
            ) from error
    # Without the e-mail: the record outlives the account.
    target = Target(kind="user", id=str(user_id), name="")
    anonymous = Author(id=None, name="") if author.id == user_id else author
    await record_change_by(conn, anonymous, org_id=None, action="user.deleted", target=target)
    await users.delete_user(conn, user_id)
