"""Organisations: list, create, rename, delete, and what they store."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from litestar.params import FromPath

from mesher.accounts import organizations as accounts
from mesher.accounts.access import accessible_organization
from mesher.accounts.actor import require_whole_organization
from mesher.accounts.names import clean_name
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body, takes_body
from mesher.api.fields import NAME, SLUG, Name
from mesher.api.json_forms import extend, extended
from mesher.errors import Forbidden
from mesher.resources import resources_of
from mesher.storage import organizations
from mesher.storage.pages import MAX_PAGE_ROWS, Page
from mesher.storage.storage_use import StorageUse, organization_use
from mesher.types import Organization

NEW_ORGANIZATION = extended("NewOrganization", Organization, token=str)
TAKES_ORGANIZATION = takes_body(name=NAME, slug=SLUG)


class OrganizationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organisation that somebody wants."""

    name: Name
    slug: str | None = None  # None: made of the name


class OrganizationChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an organisation is to be called; ``None`` = as it is."""

    name: Name | None = None
    slug: str | None = None


async def list_organizations(request: ApiRequest) -> Page[Organization]:
    """The organisations that the caller sees, oldest first."""
    async with reading_as(request) as (conn, actor):
        return Page(await organizations.list_organizations(conn, actor.viewer, limit=MAX_PAGE_ROWS))


async def create_organization(request: ApiRequest) -> msgspec.Struct:
    """
    Make an organisation, of which the caller is the owner.

    The token of the request is for another one, so the answer holds one of scope admin for the new; it
    is shown in this answer alone. The operator may have kept this to the command line.
    """
    resources = resources_of(request)
    async with writing_as(request, "admin") as (conn, actor):
        require_whole_organization(actor)
        if not resources.members_make_organizations:
            raise Forbidden(
                "this Mesher's operator alone makes organizations",
                hint="ask for one; the operator runs `mesher organization create`",
            )
        wanted = await read_body(request, OrganizationRequest)
        user_id = actor.viewer.user_id
        made = await accounts.create_organization(
            conn, actor.author, name=clean_name(wanted.name), slug=wanted.slug, owner=user_id
        )
        token = await accounts.first_token(
            conn, made, user_id, url=resources.url, now=datetime.now(UTC)
        )
    return extend(NEW_ORGANIZATION, made, token=token)


async def get_organization(request: ApiRequest, org_id: FromPath[str]) -> Organization:
    """One organisation, by uuid or slug."""
    async with reading_as(request) as (conn, actor):
        return await accessible_organization(conn, actor, org_id)


async def update_organization(request: ApiRequest, org_id: FromPath[str]) -> Organization:
    """Change the ``name`` or ``slug`` of an organisation; for admins. DSNs do not change."""
    async with writing_as(request, "admin") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id, needs="admin")
        change = await read_body(request, OrganizationChange)
        return await accounts.change_organization(
            conn,
            actor.author,
            organization,
            name=None if change.name is None else clean_name(change.name),
            slug=change.slug,
        )


async def delete_organization(request: ApiRequest, org_id: FromPath[str]) -> None:
    """
    Delete an organisation with all its projects and data; for owners. It cannot be undone.

    Nobody sees it from now on, and its keys and tokens open nothing; the data is removed in the
    background.
    """
    async with writing_as(request, "admin") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id, needs="owner")
        await accounts.delete_organization(conn, actor.author, organization)


async def get_organization_storage(request: ApiRequest, org_id: FromPath[str]) -> StorageUse:
    """What an organisation stores: files counted, events estimated from the ledger and the latest."""
    async with reading_as(request) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        require_whole_organization(actor)
        return await organization_use(conn, organization.id)
