"""API tokens: those that people make for themselves and for build pipelines, and what admins see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Reference,
    RequestBody,
    Schema,
)
from litestar.params import FromPath, FromQuery, QueryParameter

from mesher.accounts.access import accessible_organization, has_role, project_of_organization
from mesher.accounts.actor import Actor
from mesher.accounts.issue_tokens import MAX_NAME_CHARACTERS, issue_token, record_token
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body
from mesher.api.json_forms import extend, extended
from mesher.api.projects import PageLimit
from mesher.errors import NotFound, ProtocolError
from mesher.ids import parse_uuid
from mesher.resources import resources_of
from mesher.storage import tokens
from mesher.storage.database import ReadConnection
from mesher.storage.pages import MAX_PAGE_ROWS, Page
from mesher.types import TOKEN_SCOPES, ApiToken, Organization, Project, Role, TokenScope

TOKEN_SUMMARY = extended("TokenSummary", ApiToken, without=("token_hash",))
NEW_TOKEN = extended("NewToken", ApiToken, without=("token_hash",), token=str)


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A token that somebody wants."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
    scope: TokenScope = "read"
    project: str | None = None  # uuid or slug; None: the whole organisation
    # None: it is valid until it is revoked.
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


async def list_tokens(
    request: ApiRequest,
    org_id: FromPath[str],
    *,
    everybody: Annotated[
        bool, QueryParameter(description="Those of every member; for admins of the organization.")
    ] = False,
    limit: PageLimit = MAX_PAGE_ROWS,
    cursor: FromQuery[str | None] = None,
) -> Page[msgspec.Struct]:
    """The caller's tokens for an organisation, or everybody's, without what is secret about them."""
    async with reading_as(request, "admin") as (conn, actor):
        organization = await _organization(conn, actor, org_id, everybody=everybody)
        found = await tokens.list_tokens(
            conn, actor.viewer, organization, everybody=everybody, limit=limit, cursor=cursor
        )
    return Page([extend(TOKEN_SUMMARY, token) for token in found.items], found.next_cursor)


async def create_token(request: ApiRequest, org_id: FromPath[str]) -> msgspec.Struct:
    """
    Make a token for the body's ``name``, ``scope`` and ``project``; it is shown in this answer alone.

    One with scope ``ci`` is what sentry-cli and the bundler plugins take as SENTRY_AUTH_TOKEN, and
    all that they need.
    """
    async with writing_as(request, "admin") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        wanted = await read_body(request, TokenRequest)
        now = datetime.now(UTC)
        kept, token = await issue_token(
            conn,
            organization,
            user_id=actor.viewer.user_id,
            project=await _project(conn, actor, organization, wanted),
            name=wanted.name.replace("\0", ""),
            scope=wanted.scope,
            url=resources_of(request).url,
            now=now,
            expires_at=_expiry(wanted, now),
        )
        await record_token(conn, actor.author, kept, "token.created")
    return extend(NEW_TOKEN, kept, token=token)


async def revoke_token(request: ApiRequest, org_id: FromPath[str], token_id: FromPath[str]) -> None:
    """
    Take back one of the caller's tokens, or as an admin anybody's; it opens nothing any more, at once.
    """
    async with writing_as(request, "admin") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        parsed = parse_uuid(token_id)
        revoked = parsed and await tokens.revoke_token(
            conn,
            actor.viewer,
            organization,
            parsed,
            everybody=await has_role(conn, actor, organization, "admin"),
        )
        if not revoked:
            raise NotFound("there is no such token")
        await record_token(conn, actor.author, revoked, "token.revoked")


async def _organization(
    conn: ReadConnection, actor: Actor, reference: str, *, everybody: bool
) -> Organization:
    needs: Role = "admin" if everybody else "member"
    return await accessible_organization(conn, actor, reference, needs=needs)


def _expiry(wanted: TokenRequest, now: datetime) -> datetime | None:
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise ProtocolError(
            "the token would have expired already", hint="name a later time", field="expires_at"
        )
    return wanted.expires_at


async def _project(
    conn: ReadConnection, actor: Actor, organization: Organization, wanted: TokenRequest
) -> Project | None:
    """The project that a token is for; whoever is held to one makes tokens for that one alone."""
    reference = wanted.project
    if reference is None and actor.viewer.project_id is not None:
        reference = str(actor.viewer.project_id)
    if reference is None:
        return None
    return await project_of_organization(conn, actor, organization, reference)


@dataclass
class TakesTokenRequest(Operation):
    """Says in the OpenAPI document what the body is, which is read once it is known who asks."""

    def __post_init__(self) -> None:
        """Add the body."""
        properties: dict[str, Reference | Schema] = {
            "name": Schema(type=OpenAPIType.STRING, min_length=1, max_length=MAX_NAME_CHARACTERS),
            "scope": Schema(type=OpenAPIType.STRING, enum=list(TOKEN_SCOPES), default="read"),
            "project": Schema(type=OpenAPIType.STRING, description="Its id or slug."),
            "expires_at": Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME),
        }
        schema = Schema(type=OpenAPIType.OBJECT, properties=properties, required=["name"])
        self.request_body = RequestBody(
            content={"application/json": OpenAPIMediaType(schema=schema)}, required=True
        )
