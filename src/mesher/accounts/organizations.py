"""Making, renaming and deleting organisations, with the record of it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog

from mesher.accounts.issue_tokens import issue_token
from mesher.accounts.slugs import candidate_slugs, check_slug
from mesher.errors import Conflict, NotFound
from mesher.ids import OrgId, UserId
from mesher.storage import api_keys, memberships, organization_changes
from mesher.storage.audit_log import Author, Target, differences, record_change_by
from mesher.storage.database import WriteConnection
from mesher.types import Organization

# That one person owns: somebody with many customers. More is a program that runs away.
MAX_OWNED: Final = 50

log = structlog.get_logger(__name__)


async def create_organization(
    conn: WriteConnection,
    author: Author,
    *,
    name: str,
    slug: str | None,
    owner: UserId,
) -> Organization:
    """
    Make an organisation with its first owner.

    Args:
        conn: the caller commits.
        author: for the record.
        name: in any script.
        slug: as chosen; ``None``: made of the name.
        owner: who has an account.

    Raises:
        ProtocolError: the slug is none.
        Conflict: the slug is taken, or the owner has many organisations.
    """
    if await memberships.count_owned(conn, owner) >= MAX_OWNED:
        raise Conflict(f"one person owns at most {MAX_OWNED} organizations")
    organization = await _insert(conn, name, slug)
    org_id = OrgId(organization.id)
    await memberships.insert_if_new(conn, user_id=owner, org_id=org_id, role="owner")
    await _record(conn, author, organization, "organization.created", owner=str(owner))
    return organization


async def first_token(
    conn: WriteConnection, organization: Organization, owner: UserId, *, url: str, now: datetime
) -> str:
    """
    A token of scope admin for an organisation that was just made: that of the request which made it
    is for another.
    """
    _, token = await issue_token(
        conn,
        organization,
        user_id=owner,
        project=None,
        name="First token",
        scope="admin",
        url=url,
        now=now,
    )
    return token


async def change_organization(
    conn: WriteConnection,
    author: Author,
    organization: Organization,
    *,
    name: str | None,
    slug: str | None,
) -> Organization:
    """
    Call an (accessible) organisation differently; ``None`` leaves something as it is.

    Raises:
        ProtocolError: the slug is none.
        Conflict: the slug is taken.
        NotFound: it was deleted meanwhile.
    """
    before = await organization_changes.lock_organization(conn, organization)
    if before is None:
        raise NotFound("there is no such organization")
    after = await organization_changes.update_organization(
        conn,
        before,
        name=before.name if name is None else name,
        slug=before.slug if slug in {None, before.slug} else check_slug(slug or ""),
    )
    changes = differences(_names(before), _names(after))
    if changes:
        await _record(conn, author, after, "organization.changed", **changes)
    return after


async def delete_organization(
    conn: WriteConnection, author: Author, organization: Organization
) -> None:
    """
    Take an (accessible) organisation from everybody at once; a job removes its data. Its record of
    changes goes along, so that it was deleted is written where no organisation is.
    """
    org_id = OrgId(organization.id)
    await memberships.lock_members(conn, org_id)
    await api_keys.revoke_keys_of(conn, org_id)
    await organization_changes.hide_organization(conn, org_id)
    await record_change_by(
        conn,
        author,
        org_id=None,
        action="organization.deleted",
        target=_target(organization),
        details={"slug": organization.slug},
    )
    log.info("organization_deleted", org_id=str(org_id), actor_id=str(author.id))


async def _insert(conn: WriteConnection, name: str, slug: str | None) -> Organization:
    for candidate in candidate_slugs(name, slug, otherwise="organization"):
        made = await organization_changes.insert_organization_if_free(
            conn, name=name, slug=candidate
        )
        if made is not None:
            return made
    raise Conflict(f"the slug {slug or name!r} is taken", hint="choose another")


def _names(organization: Organization) -> dict[str, str]:
    return {"name": organization.name, "slug": organization.slug}


def _target(organization: Organization) -> Target:
    return Target(kind="organization", id=str(organization.id), name=organization.name)


async def _record(
    conn: WriteConnection,
    author: Author,
    organization: Organization,
    action: str,
    **details: object,
) -> None:
    await record_change_by(
        conn,
        author,
        org_id=OrgId(organization.id),
        action=action,
        target=_target(organization),
        details=details,
    )
