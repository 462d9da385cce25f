"""The settings of an organisation: its name, people, invitations and tokens, and who changed what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from mesher.accounts import invitations, members, organizations
from mesher.accounts.access import (
    accessible_organization,
    has_role,
    project_of_organization,
    projects_of_organization,
)
from mesher.accounts.actor import Actor
from mesher.accounts.issue_tokens import MAX_NAME_CHARACTERS, issue_token, record_token
from mesher.accounts.names import clean_name
from mesher.errors import MesherError, NotFound, ProtocolError
from mesher.ids import OrgId, parse_uuid
from mesher.resources import resources_of
from mesher.storage import tokens
from mesher.storage.audit_log import list_changes
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.invitations import list_invitations
from mesher.storage.memberships import list_members
from mesher.storage.pages import MAX_PAGE_ROWS
from mesher.types import ROLES, TOKEN_SCOPES, Organization, Role
from mesher.web.errors import problem_text
from mesher.web.forms import PROBLEMS, fields
from mesher.web.render import render
from mesher.web.session import WebRequest, reading_as, writing_as

CHANGES_PER_PAGE: Final = 50
SCOPES: Final = {
    "ci": "source maps and releases, for sentry-cli",
    "read": "reading",
    "write": "reading and triage",
    "admin": "everything",
}
# What is shown once, and in this answer alone: what it is, and the text.
_Secret = tuple[str, str]
_Act = Callable[
    [WriteConnection, Actor, Organization, dict[str, str]], Awaitable[_Secret | Redirect | None]
]


async def show_organization_settings(request: WebRequest, org_id: FromPath[str]) -> Response[str]:
    """The page; for admins with forms, for others as it is."""
    return await _page(request, org_id)


async def show_audit_log(
    request: WebRequest, org_id: FromPath[str], cursor: FromQuery[str | None] = None
) -> Response[str]:
    """Who changed what, the latest first."""
    async with reading_as(request) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id, needs="admin")
        changes = await list_changes(
            conn, OrgId(organization.id), limit=CHANGES_PER_PAGE, cursor=cursor
        )
    return render(
        "audit_log.html",
        actor=actor,
        organization=organization,
        changes=changes,
        now=datetime.now(UTC),
    )


async def submit_organization(
    request: WebRequest, org_id: FromPath[str]
) -> Response[str] | Redirect:
    """What the organisation is called."""

    async def act(
        conn: WriteConnection, actor: Actor, organization: Organization, form: dict[str, str]
    ) -> None:
        await organizations.change_organization(
            conn,
            actor.author,
            organization,
            name=clean_name(form.get("name", "")),
            slug=form.get("slug") or None,
        )

    return await _change(request, org_id, "organization", act, needs="admin")


async def submit_member_role(
    request: WebRequest, org_id: FromPath[str], member_id: FromPath[str]
) -> Response[str] | Redirect:
    """Another role for a member."""

    async def act(
        conn: WriteConnection, actor: Actor, organization: Organization, form: dict[str, str]
    ) -> None:
        await members.change_role(
            conn,
            actor.author,
            actor.viewer.user_id,
            OrgId(organization.id),
            user_id=_person(actor, member_id),
            role=_role(form),
        )

    return await _change(request, org_id, "members", act, needs="admin")


async def submit_member_removal(
    request: WebRequest, org_id: FromPath[str], member_id: FromPath[str]
) -> Response[str] | Redirect:
    """Let a member belong to the organisation no more; everybody may leave."""

    async def act(
        conn: WriteConnection, actor: Actor, organization: Organization, _: dict[str, str]
    ) -> Redirect | None:
        user_id = _person(actor, member_id)
        acting = actor.viewer.user_id
        await members.remove_member(conn, actor.author, acting, OrgId(organization.id), user_id)
        return Redirect("/projects", status_code=303) if user_id == acting else None

    return await _change(request, org_id, "members", act)


async def submit_invitation_request(
    request: WebRequest, org_id: FromPath[str]
) -> Response[str] | Redirect:
    """A link by which somebody comes in; it is shown once."""

    async def act(
        conn: WriteConnection, actor: Actor, organization: Organization, form: dict[str, str]
    ) -> _Secret:
        _, token = await invitations.invite(
            conn,
            actor.author,
            actor.viewer.user_id,
            OrgId(organization.id),
            role=_role(form),
            email=form.get("email", "").strip() or None,
            now=datetime.now(UTC),
        )
        return "invitation", f"{resources_of(request).url}/invitations/{token}"

    return await _change(request, org_id, "invitations", act, needs="admin")


async def submit_invitation_revocation(
    request: WebRequest, org_id: FromPath[str], invitation_id: FromPath[str]
) -> Response[str] | Redirect:
    """Take an invitation back."""

    async def act(
        conn: WriteConnection, actor: Actor, organization: Organization, _: dict[str, str]
    ) -> None:
        found = _id(invitation_id, "invitation")
        org = OrgId(organization.id)
        if not await invitations.revoke_invitation(conn, actor.author, org, found):
            raise NotFound("there is no such invitation")

    return await _change(request, org_id, "invitations", act, needs="admin")


async def submit_token_request(
    request: WebRequest, org_id: FromPath[str]
) -> Response[str] | Redirect:
    """A token for the API or a build pipeline; it is shown once."""

    async def act(
        conn: WriteConnection, actor: Actor, organization: Organization, form: dict[str, str]
    ) -> _Secret:
        scope = form.get("scope", "")
        if scope not in TOKEN_SCOPES:
            raise ProtocolError("nothing was chosen that the token is for")
        only = form.get("project")
        project = await project_of_organization(conn, actor, organization, only) if only else None
        kept, token = await issue_token(
            conn,
            organization,
            user_id=actor.viewer.user_id,
            project=project,
            name=clean_name(form.get("name", ""))[:MAX_NAME_CHARACTERS],
            scope=scope,
            url=resources_of(request).url,
            now=datetime.now(UTC),
        )
        await record_token(conn, actor.author, kept, "token.created")
        return "token", token

    return await _change(request, org_id, "tokens", act)


async def submit_token_revocation(
    request: WebRequest, org_id: FromPath[str], token_id: FromPath[str]
) -> Response[str] | Redirect:
    """Let a token open nothing any more."""

    async def act(
        conn: WriteConnection, actor: Actor, organization: Organization, _: dict[str, str]
    ) -> None:
        revoked = await tokens.revoke_token(
            conn,
            actor.viewer,
            organization,
            _id(token_id, "token"),
            everybody=await has_role(conn, actor, organization, "admin"),
        )
        if not revoked:
            raise NotFound("there is no such token")
        await record_token(conn, actor.author, revoked, "token.revoked")

    return await _change(request, org_id, "tokens", act)


async def submit_organization_deletion(
    request: WebRequest, org_id: FromPath[str]
) -> Response[str] | Redirect:
    """Delete an organisation whose name was typed."""

    async def act(
        conn: WriteConnection, actor: Actor, organization: Organization, form: dict[str, str]
    ) -> Redirect:
        if form.get("name", "").strip() != organization.name:
            raise ProtocolError(
                "that is not the name of this organization", hint="nothing was deleted"
            )
        await organizations.delete_organization(conn, actor.author, organization)
        return Redirect("/projects", status_code=303)

    return await _change(request, org_id, "deletion", act, needs="owner")


async def _change(
    request: WebRequest, org_id: str, section: str, act: _Act, *, needs: Role = "member"
) -> Response[str] | Redirect:
    """Do what a form asks, and show the page again; with what was wrong beside the form."""
    form = await fields(request)
    try:
        async with writing_as(request) as (conn, actor):
            organization = await accessible_organization(conn, actor, org_id, needs=needs)
            done = await act(conn, actor, organization, form)
    except PROBLEMS as error:
        return await _page(request, org_id, problem=(section, error))
    if isinstance(done, Redirect):
        return done
    if done is not None:
        return await _page(request, str(organization.id), secret=done)
    path = f"/organizations/{organization.id}/settings"
    return Redirect(f"{path}?saved={section}#{section}", status_code=303)


async def _page(
    request: WebRequest,
    org_id: str,
    *,
    problem: tuple[str, MesherError] | None = None,
    secret: _Secret | None = None,
) -> Response[str]:
    async with reading_as(request) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        values = await _values(conn, actor, organization)
    response = render(
        "organization_settings.html",
        http_status=problem[1].status if problem else 200,
        actor=actor,
        organization=organization,
        problem={problem[0]: problem_text(problem[1])} if problem else {},
        saved=request.query_params.get("saved"),
        secret=secret,
        roles=ROLES,
        scopes=SCOPES,
        now=datetime.now(UTC),
        **values,
    )
    if secret is not None:
        response.headers["cache-control"] = "no-store"
    return response


async def _values(conn: ReadConnection, actor: Actor, organization: Organization) -> dict[str, Any]:
    org_id = OrgId(organization.id)
    may_change = await has_role(conn, actor, organization, "admin")
    people = await list_members(conn, org_id, limit=MAX_PAGE_ROWS, cursor=None)
    own = await tokens.list_tokens(
        conn, actor.viewer, organization, everybody=may_change, limit=MAX_PAGE_ROWS
    )
    open_invitations = (
        await list_invitations(conn, org_id, now=datetime.now(UTC)) if may_change else []
    )
    return {
        "may_change": may_change,
        "is_owner": await has_role(conn, actor, organization, "owner"),
        "members": people.items,
        "names": {one.user_id: one.display_name or one.email for one in people.items},
        "invitations": open_invitations,
        "tokens": own.items,
        "projects": await projects_of_organization(conn, actor, organization),
    }


def _id(reference: str, what: str) -> Any:
    parsed = parse_uuid(reference)
    if parsed is None:
        raise NotFound(f"there is no such {what}")
    return parsed


def _person(actor: Actor, reference: str) -> Any:
    return actor.viewer.user_id if reference == "me" else _id(reference, "member")


def _role(form: dict[str, str]) -> Role:
    role = form.get("role", "")
    if role not in ROLES:
        raise ProtocolError("no role was chosen", hint="choose one of the list")
    return role
