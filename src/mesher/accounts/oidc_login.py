"""
From an identity to a user of ours.

A known identity is its user for good, whatever e-mail it has by now. A new one is whoever has its
e-mail here, which only counts where the provider has verified it, or a new user without a password.
In the organisations that the rules name, the provider's groups decide who is a member and in which
role, at each log-in; owners that people made are left alone, so that nobody is locked out by a group.
"""

from __future__ import annotations

from mesher.accounts.oidc_flow import Identity
from mesher.accounts.oidc_rules import OidcRules
from mesher.accounts.sessions import normal_email
from mesher.errors import Forbidden
from mesher.ids import UserId
from mesher.storage import identities
from mesher.storage.audit_log import Target, record_change
from mesher.storage.database import WriteConnection
from mesher.storage.users import insert_user

# Longer names break every table that shows them.
MAX_NAME_CHARACTERS = 100
# What no password is hashed to: this user logs in by the provider alone.
NO_PASSWORD = ""


async def user_of_identity(
    conn: WriteConnection, identity: Identity, rules: OidcRules
) -> UserId | None:
    """
    The user behind an identity, made if need be, a member of what the groups say.

    Returns:
        Who it is; ``None``: somebody known from whom the groups have taken the last membership. The caller
        commits that too, before it refuses them by ``belongs_nowhere``.

    Raises:
        Forbidden: the rules do not let this person in, or into nothing; nothing is to be committed.
    """
    user_id = await identities.find_identity_user(
        conn, issuer=identity.issuer, subject=identity.subject
    )
    email = normal_email(identity.email)
    vouched_for = bool(email) and identity.email_verified and rules.allows(email)
    # Who is known already may be without an e-mail by now, where no domain is asked for.
    if not vouched_for and (user_id is None or rules.domains):
        raise _refused(email, identity)
    is_known = user_id is not None
    if user_id is None:
        user_id = await _find_or_make(conn, identity, email)
        await identities.insert_identity(
            conn, issuer=identity.issuer, subject=identity.subject, user_id=user_id
        )
    await _apply_groups(conn, user_id, email, identity, rules)
    if await identities.is_member_of_any(conn, user_id):
        return user_id
    if is_known:
        return None
    raise belongs_nowhere(identity)


def belongs_nowhere(identity: Identity) -> Forbidden:
    """What somebody is told who is a member of nothing."""
    return Forbidden(
        f"{normal_email(identity.email)} is a member of no organization here",
        hint="ask for an invitation, or to be put into a group that has access",
    )


def _refused(email: str, identity: Identity) -> Forbidden:
    if not email:
        return Forbidden(
            "the identity provider does not tell an e-mail address",
            hint="let it release the scope email to Mesher",
        )
    if not identity.email_verified:
        return Forbidden(
            f"the identity provider has not verified {email}", hint="verify it there first"
        )
    return Forbidden(f"{email} is of a domain that has no access here")


async def _find_or_make(conn: WriteConnection, identity: Identity, email: str) -> UserId:
    known = await identities.find_user_by_email(conn, email)
    if known is not None:
        return known
    return await insert_user(
        conn,
        email=email,
        password_hash=NO_PASSWORD,
        display_name=(identity.name.strip() or email)[:MAX_NAME_CHARACTERS],
    )


async def _apply_groups(
    conn: WriteConnection, user_id: UserId, email: str, identity: Identity, rules: OidcRules
) -> None:
    wanted = rules.roles(identity.groups)
    for slug in sorted(rules.organizations()):
        change = await identities.apply_role(
            conn, user_id=user_id, slug=slug, role=wanted.get(slug)
        )
        if change is not None:
            await record_change(
                conn,
                org_id=change.org_id,
                actor_id=user_id,
                actor_name=email,
                action=f"member.{change.verb}",
                target=Target(kind="member", id=str(user_id), name=email),
                details={"role": change.role, "by": identity.issuer},
            )
