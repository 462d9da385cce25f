"""Searches of issues that people keep: for themselves, or for everybody in the project."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath

from mesher.accounts.access import accessible_organization, accessible_project, has_role
from mesher.accounts.names import clean_name
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body, takes_body
from mesher.api.fields import NAME, Name
from mesher.errors import NotFound
from mesher.ids import parse_uuid
from mesher.search.parse import MAX_CHARACTERS, parse_query
from mesher.storage import saved_searches
from mesher.storage.issue_search import IssueSort
from mesher.storage.pages import Page
from mesher.storage.saved_searches import SavedSearch
from mesher.types import IssueStatus

_TEXT = Schema(type=OpenAPIType.STRING)
_Value = Annotated[str, msgspec.Meta(max_length=MAX_CHARACTERS)]

TAKES_SEARCH = takes_body(
    name=NAME,
    query=Schema(type=OpenAPIType.STRING, description="In the language of docs/search.md."),
    status=_TEXT,
    environment=_TEXT,
    release=_TEXT,
    sort=_TEXT,
    shared=Schema(type=OpenAPIType.BOOLEAN, description="Whether all of the project see it."),
)


class WantedSearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A search that somebody wants to keep."""

    name: Name
    query: _Value = ""
    status: IssueStatus | Literal["all"] = "unresolved"
    environment: _Value = ""
    release: _Value = ""
    sort: IssueSort = "last_seen"
    shared: bool = False


async def list_saved_searches(request: ApiRequest, project_id: FromPath[str]) -> Page[SavedSearch]:
    """The caller's searches of a project, and those that are shared."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        found = await saved_searches.list_saved_searches(conn, project, actor.viewer.user_id)
        return Page(found)


async def create_saved_search(request: ApiRequest, project_id: FromPath[str]) -> SavedSearch:
    """Keep a search of a project's issues."""
    async with writing_as(request, "write") as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        wanted = await read_body(request, WantedSearch)
        parse_query(wanted.query, datetime.now(UTC))
        given = msgspec.structs.asdict(wanted)
        return await saved_searches.insert_saved_search(
            conn,
            project,
            actor.viewer.user_id,
            name=clean_name(wanted.name),
            filters={
                name: given[name].replace("\0", "")
                for name in ("query", "status", "environment", "release", "sort")
                if given[name]
            },
            shared=wanted.shared,
        )


async def delete_saved_search(
    request: ApiRequest, project_id: FromPath[str], search_id: FromPath[str]
) -> None:
    """Remove one of the caller's searches, or as an admin one that is shared."""
    async with writing_as(request, "write") as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        organization = await accessible_organization(conn, actor, str(project.org_id))
        parsed = parse_uuid(search_id)
        if parsed is None or not await saved_searches.delete_saved_search(
            conn,
            project,
            actor.viewer.user_id,
            parsed,
            is_admin=await has_role(conn, actor, organization, "admin"),
        ):
            raise NotFound("there is no such search")
