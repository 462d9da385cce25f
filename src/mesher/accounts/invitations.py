"""
Invitations: a link to copy, which lets one person into an organisation once.

The link's secret is kept as its hash. One that is unknown, used, expired or taken back is answered
alike. Whoever has a link learns the name of the organisation, and nothing else before they accept.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from mesher.accounts.account import check_password
from mesher.accounts.members import require_may_give
from mesher.accounts.passwords import LoginThrottle, hash_password
from mesher.accounts.sessions import normal_email
from mesher.accounts.tokens import hash_token
from mesher.errors import Conflict, Forbidden, NotFound, ProtocolError
from mesher.ids import OrgId, UserId
from mesher.storage import invitations, memberships, users
from mesher.storage.audit_log import Author, Target, record_change_by
from mesher.storage.database import ReadConnection, WriteConnection, reading, writing
from mesher.storage.invitations import Invitation, OpenInvitation
from mesher.types import Role

# A week with its holidays; whoever comes later asks for another link.
INVITATION_LIFETIME: Final = timedelta(days=7)
# Of one organisation at a time: a department; they are listed on one page.
MAX_INVITATIONS: Final = 100
# 256 random bits, 43 characters of a URL.
_TOKEN_BYTES: Final = 32
MAX_NAME_CHARACTERS: Final = 100


async def invite(
    conn: WriteConnection,
    author: Author,
    acting: UserId,
    org_id: OrgId,
    *,
    role: Role,
    email: str | None,
    now: datetime,
) -> tuple[Invitation, str]:
    """
    Make an invitation.

    Args:
        conn: the caller commits.
        author: for the record.
        acting: who invites.
        org_id: to which (accessible) organisation.
        role: that whoever accepts will have.
        email: as typed, of the one person who may accept; ``None`` = whoever has the link.
        now: the server's clock.

    Returns:
        What is kept, and the secret of the link, which is not.

    Raises:
        Forbidden: the one who invites may not give this role.
        Conflict: the organisation has as many open invitations as it may.
    """
    await memberships.lock_members(conn, org_id)
    require_may_give(await memberships.find_role(conn, acting, org_id), None, role)
    await invitations.delete_expired(conn, org_id, now=now)
    if len(await invitations.list_invitations(conn, org_id, now=now)) >= MAX_INVITATIONS:
        raise Conflict(
            f"the organization has {MAX_INVITATIONS} open invitations already",
            hint="take some back",
        )
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    made = await invitations.insert_invitation(
        conn,
        org_id=org_id,
        role=role,
        email=_email(email) if email is not None else None,
        token_hash=hash_token(token),
        invited_by=acting,
        expires_at=now + INVITATION_LIFETIME,
    )
    await _record(conn, author, org_id, "invitation.created", made)
    return made, token


async def revoke_invitation(
    conn: WriteConnection, author: Author, org_id: OrgId, invitation_id: uuid.UUID
) -> bool:
    """Take an invitation of an (accessible) organisation back; ``False`` where there is none."""
    revoked = await invitations.delete_invitation(conn, org_id, invitation_id)
    if revoked is None:
        return False
    await _record(conn, author, org_id, "invitation.revoked", revoked)
    return True


async def accept_as_person(
    conn: WriteConnection, token: str, user_id: UserId, *, now: datetime
) -> OpenInvitation:
    """
    Let somebody who has an account into the organisation of an invitation.

    Raises:
        NotFound: there is no such invitation (any more).
        Forbidden: it is for another e-mail.
        Conflict: they are a member already; the invitation stays.
    """
    invitation = await _take(conn, token, now)
    email = await users.find_email(conn, user_id)
    if invitation.email is not None and email != invitation.email:
        raise Forbidden(
            "the invitation is for another e-mail",
            hint="log in with the account that was invited, or ask for another invitation",
        )
    await _join(conn, invitation, user_id, email)
    return invitation


async def accept_as_new_person(
    engine: AsyncEngine,
    throttle: LoginThrottle,
    token: str,
    *,
    email: str,
    password: str,
    name: str,
    now: datetime,
) -> tuple[UserId, OpenInvitation]:
    """
    Make an account for whoever was invited, and let them into the organisation.

    Args:
        engine: the database; no connection is held while the password is hashed.
        throttle: bounds how many e-mails somebody with a link may try.
        token: the secret of the link.
        email: as typed; of no account.
        password: as typed.
        name: as others will see it.
        now: the server's clock.

    Returns:
        Whose account was made, and what was accepted.

    Raises:
        NotFound: there is no such invitation (any more).
        ProtocolError: the e-mail, the password or the name does not fit.
        Forbidden: it is for another e-mail.
        Conflict: the e-mail has an account.
        RateLimited: too many tries with this link.
    """
    async with reading(engine) as conn:
        invitation = await find_invitation(conn, token, now=now)
    throttled = f"invitation {invitation.id}"
    throttle.begin(throttled, throttled, now.timestamp())
    email = _email(email)
    if invitation.email is not None and email != invitation.email:
        raise Forbidden("the invitation is for another e-mail", hint="use the one it was sent to")
    name = name.replace("\0", "").strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise ProtocolError(
            f"the name has {len(name)} characters",
            hint=f"1 to {MAX_NAME_CHARACTERS}",
            field="name",
        )
    check_password(password)
    password_hash = await hash_password(password)
    async with writing(engine) as conn:
        taken = await _take(conn, token, now)
        user_id = await users.insert_user_if_free(
            conn, email=email, password_hash=password_hash, display_name=name
        )
        if user_id is None:
            raise Conflict(
                "this e-mail cannot be used for a new account",
                hint="if it is yours, log in and open the link again",
            )
        await _join(conn, taken, user_id, email)
    throttle.succeeded(throttled, throttled)
    return user_id, taken


async def find_invitation(conn: ReadConnection, token: str, *, now: datetime) -> OpenInvitation:
    """
    The invitation of a link.

    Raises:
        NotFound: there is none (any more).
    """
    found = await invitations.find_open(conn, hash_token(token), now=now)
    if found is None:
        raise _no_invitation()
    return found


async def _take(conn: WriteConnection, token: str, now: datetime) -> OpenInvitation:
    taken = await invitations.take_open(conn, hash_token(token), now=now)
    if taken is None:
        raise _no_invitation()
    return taken


async def _join(
    conn: WriteConnection, invitation: OpenInvitation, user_id: UserId, email: str
) -> None:
    joined = await memberships.insert_if_new(
        conn, user_id=user_id, org_id=invitation.org_id, role=invitation.role
    )
    if not joined:
        raise Conflict("you are a member of the organization already")
    await record_change_by(
        conn,
        Author(id=user_id, name=email),
        org_id=invitation.org_id,
        action="member.joined",
        target=Target(kind="member", id=str(user_id), name=email),
        details={"role": invitation.role, "invitation": str(invitation.id)},
    )


async def _record(
    conn: WriteConnection, author: Author, org_id: OrgId, action: str, invitation: Invitation
) -> None:
    await record_change_by(
        conn,
        author,
        org_id=org_id,
        action=action,
        target=Target(
            kind="invitation",
            id=str(invitation.id),
            name=invitation.email or "whoever has the link",
        ),
        details={"role": invitation.role},
    )


def _no_invitation() -> NotFound:
    return NotFound(
        "there is no such invitation",
        hint="it may have been used or taken back, or be older than a week: ask for another",
    )


def _email(text: str) -> str:
    email = normal_email(text)
    local, _, domain = email.rpartition("@")
    if not local or not domain or any(character.isspace() for character in email):
        raise ProtocolError(
            "this is no e-mail address", hint="as in ada@example.com", field="email"
        )
    return email
