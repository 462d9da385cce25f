"""Organisations, and the tokens that their members make for themselves and for build pipelines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Reference,
    RequestBody,
    Schema,
)
from litestar.params import FromPath

from mesher.accounts.access import Actor, accessible_organization, project_of_organization
from mesher.accounts.issue_tokens import MAX_NAME_CHARACTERS, issue_token
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.json_forms import extend, extended
from mesher.errors import NotFound, ProtocolError
from mesher.ids import parse_uuid
from mesher.resources import resources_of
from mesher.storage import organizations, tokens
from mesher.storage.database import ReadConnection
from mesher.storage.pages import MAX_PAGE_ROWS, Page
from mesher.types import TOKEN_SCOPES, ApiToken, Organization, Project, TokenScope

TOKEN_SUMMARY = extended("TokenSummary", ApiToken, without=("token_hash",))
NEW_TOKEN = extended("NewToken", ApiToken, without=("token_hash",), token=str)


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A token that somebody wants."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
    scope: TokenScope = "read"
    project: str | None = None  # uuid or slug; None: the whole organisation


async def list_organizations(request: ApiRequest) -> Page[Organization]:
    """The organisations that the caller sees, oldest first."""
    async with reading_as(request) as (conn, actor):
        return Page(await organizations.list_organizations(conn, actor.viewer, limit=MAX_PAGE_ROWS))


async def list_tokens(request: ApiRequest, org_id: FromPath[str]) -> Page[msgspec.Struct]:
    """The caller's tokens for an organisation, without what is secret about them."""
    async with reading_as(request, "admin") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        found = await tokens.list_tokens(conn, actor.viewer, organization, limit=MAX_PAGE_ROWS)
    return Page([extend(TOKEN_SUMMARY, token) for token in found])


async def create_token(request: ApiRequest, org_id: FromPath[str]) -> msgspec.Struct:
    """
    Make a token for the body's ``name``, ``scope`` and ``project``; it is shown in this answer alone.

    One with scope ``ci`` is what sentry-cli and the bundler plugins take as SENTRY_AUTH_TOKEN, and
    all that they need.
    """
    async with writing_as(request, "admin") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        wanted = _read_request(await request.body())
        kept, token = await issue_token(
            conn,
            organization,
            user_id=actor.viewer.user_id,
            project=await _project(conn, actor, organization, wanted),
            name=wanted.name.replace("\0", ""),
            scope=wanted.scope,
            url=resources_of(request).url,
            now=datetime.now(UTC),
        )
    return extend(NEW_TOKEN, kept, token=token)


async def revoke_token(request: ApiRequest, org_id: FromPath[str], token_id: FromPath[str]) -> None:
    """Take back one of the caller's tokens; it opens nothing any more, at once."""
    async with writing_as(request, "admin") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        parsed = parse_uuid(token_id)
        if parsed is None or not await tokens.revoke_token(
            conn, actor.viewer, organization, parsed
        ):
            raise NotFound("there is no such token")


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


def _read_request(body: bytes) -> TokenRequest:
    try:
        return msgspec.json.decode(body, type=TokenRequest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(
            f"the body does not fit: {error}", hint='send {"name": ..., "scope": "ci"}'
        ) from error


@dataclass
class TakesTokenRequest(Operation):
    """Says in the OpenAPI document what the body is, which is read once it is known who asks."""

    def __post_init__(self) -> None:
        """Add the body."""
        properties: dict[str, Reference | Schema] = {
            "name": Schema(type=OpenAPIType.STRING, min_length=1, max_length=MAX_NAME_CHARACTERS),
            "scope": Schema(type=OpenAPIType.STRING, enum=list(TOKEN_SCOPES), default="read"),
            "project": Schema(type=OpenAPIType.STRING),
        }
        schema = Schema(type=OpenAPIType.OBJECT, properties=properties, required=["name"])
        self.request_body = RequestBody(
            content={"application/json": OpenAPIMediaType(schema=schema)}, required=True
        )
