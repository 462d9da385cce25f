"""The members of an organisation: list, change roles, remove, leave."""

from __future__ import annotations

import uuid

import msgspec
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath, FromQuery

from mesher.accounts.access import accessible_organization
from mesher.accounts.actor import Actor, require_whole_organization
from mesher.accounts.members import change_role, remove_member
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body, takes_body
from mesher.api.projects import PageLimit
from mesher.errors import NotFound
from mesher.ids import OrgId, parse_uuid
from mesher.storage.memberships import Member, list_members
from mesher.storage.pages import Page
from mesher.types import ROLES, Role

ROLE = Schema(type=OpenAPIType.STRING, enum=list(ROLES))
TAKES_ROLE = takes_body(role=ROLE)


class RoleChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody is to be."""

    role: Role


async def list_organization_members(
    request: ApiRequest,
    org_id: FromPath[str],
    limit: PageLimit = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Member]:
    """The members of an organisation with their roles, those who came first before the others."""
    async with reading_as(request) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        require_whole_organization(actor)
        return await list_members(conn, OrgId(organization.id), limit=limit, cursor=cursor)


async def update_member(
    request: ApiRequest, org_id: FromPath[str], member_id: FromPath[str]
) -> Member:
    """
    Give a member, by the id of the person or ``me``, another role.

    Admins make admins and members; only an owner makes owners, or unmakes them. The last owner stays.
    """
    async with writing_as(request, "admin") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id, needs="admin")
        user_id = _person(actor, member_id)
        change = await read_body(request, RoleChange)
        return await change_role(
            conn,
            actor.author,
            actor.viewer.user_id,
            OrgId(organization.id),
            user_id=user_id,
            role=change.role,
        )


async def remove_organization_member(
    request: ApiRequest, org_id: FromPath[str], member_id: FromPath[str]
) -> None:
    """
    Let a member, by the id of the person, belong to the organisation no more; or leave it, as ``me``.

    Their tokens for it open nothing any more. The last owner stays.
    """
    async with writing_as(request, "admin") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        require_whole_organization(actor)
        await remove_member(
            conn,
            actor.author,
            actor.viewer.user_id,
            OrgId(organization.id),
            _person(actor, member_id),
        )


def _person(actor: Actor, reference: str) -> uuid.UUID:
    user_id = actor.viewer.user_id if reference == "me" else parse_uuid(reference)
    if user_id is None:
        raise NotFound("there is no such member")
    return user_id
