"""Invitations to an organisation, and accepting one."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from litestar.openapi.spec import OpenAPIFormat, OpenAPIType, Schema
from litestar.params import FromPath

from mesher.accounts import invitations as accounts
from mesher.accounts.access import accessible_organization
from mesher.accounts.actor import require_scope
from mesher.accounts.sessions import MAX_EMAIL_CHARACTERS
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body, takes_body
from mesher.api.members import ROLE
from mesher.errors import NotFound, ProtocolError
from mesher.ids import OrgId, parse_uuid
from mesher.resources import resources_of
from mesher.storage import invitations
from mesher.storage.invitations import Invitation
from mesher.storage.pages import Page
from mesher.types import Role

_TEXT = Schema(type=OpenAPIType.STRING)
_EMAIL = Schema(
    type=OpenAPIType.STRING, format=OpenAPIFormat.EMAIL, max_length=MAX_EMAIL_CHARACTERS
)
TAKES_INVITATION = takes_body(role=ROLE, email=_EMAIL)
TAKES_ACCEPTANCE = takes_body(token=_TEXT, email=_EMAIL, name=_TEXT, password=_TEXT)


class InvitationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom somebody wants in."""

    role: Role = "member"
    email: str | None = None  # None: whoever has the link


class NewInvitation(Invitation, frozen=True, kw_only=True):
    """An invitation with its secret, which is shown once."""

    token: str
    link: str  # the page that accepts it


class Acceptance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An invitation, and who accepts it: the rest is for a new person."""

    token: str
    email: str = ""
    name: str = ""
    password: str = ""


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody belongs now."""

    organization_id: str
    organization_name: str
    role: Role


async def list_organization_invitations(
    request: ApiRequest, org_id: FromPath[str]
) -> Page[Invitation]:
    """The invitations that can be accepted, oldest first; for admins."""
    async with reading_as(request) as (conn, actor):
        require_scope(actor, "admin")
        organization = await accessible_organization(conn, actor, org_id, needs="admin")
        now = datetime.now(UTC)
        return Page(await invitations.list_invitations(conn, OrgId(organization.id), now=now))


async def create_invitation(request: ApiRequest, org_id: FromPath[str]) -> NewInvitation:
    """
    Invite one person, by a link that is valid for seven days and once; for admins.

    With ``email`` only an account of this e-mail may accept. Only an owner invites owners. ``token``
    and ``link`` are shown in this answer alone.
    """
    resources = resources_of(request)
    async with writing_as(request, "admin") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id, needs="admin")
        wanted = await read_body(request, InvitationRequest)
        made, token = await accounts.invite(
            conn,
            actor.author,
            actor.viewer.user_id,
            OrgId(organization.id),
            role=wanted.role,
            email=wanted.email,
            now=datetime.now(UTC),
        )
    link = f"{resources.url}/invitations/{token}"
    return NewInvitation(**msgspec.structs.asdict(made), token=token, link=link)


async def revoke_invitation(
    request: ApiRequest, org_id: FromPath[str], invitation_id: FromPath[str]
) -> None:
    """Take an invitation back; its link opens nothing any more. For admins."""
    async with writing_as(request, "admin") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id, needs="admin")
        parsed = parse_uuid(invitation_id)
        if parsed is None or not await accounts.revoke_invitation(
            conn, actor.author, OrgId(organization.id), parsed
        ):
            raise NotFound("there is no such invitation")


async def accept_invitation(request: ApiRequest) -> Accepted:
    """
    Accept an invitation, by the ``token`` of its link.

    With an API token of scope admin, as the person whose it is. Without one, as a new person with
    ``email``, ``name`` and ``password``, who can then log in.
    """
    now, resources = datetime.now(UTC), resources_of(request)
    if request.headers.get("authorization") is not None:
        async with writing_as(request, "admin") as (conn, actor):
            given = await read_body(request, Acceptance)
            taken = await accounts.accept_as_person(
                conn, given.token, actor.viewer.user_id, now=now
            )
    else:
        given = await read_body(request, Acceptance)
        if not given.email:
            raise ProtocolError(
                "the request says of nobody who accepts",
                hint="send an API token, or email, name and password of a new person",
                field="email",
            )
        _, taken = await accounts.accept_as_new_person(
            resources.engine,
            resources.login_throttle,
            given.token,
            email=given.email,
            password=given.password,
            name=given.name,
            now=now,
        )
    return Accepted(
        organization_id=str(taken.org_id),
        organization_name=taken.organization_name,
        role=taken.role,
    )
