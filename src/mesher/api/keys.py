"""The keys of a project: what stands in its DSNs."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.params import FromPath, FromQuery

from mesher.accounts import keys as accounts
from mesher.accounts.access import accessible_project
from mesher.accounts.names import clean_name
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body, takes_body
from mesher.api.fields import NAME, Name
from mesher.api.json_forms import extend, extended
from mesher.api.projects import PageLimit
from mesher.errors import NotFound
from mesher.ids import parse_uuid
from mesher.protocol.auth import format_dsn
from mesher.resources import resources_of
from mesher.storage.api_keys import list_keys
from mesher.storage.pages import Page
from mesher.types import ApiKey, Project

# A month: until the last of many places has the new DSN.
MAX_OVERLAP_HOURS = 31 * 24

KEY_DETAIL = extended("KeyDetail", ApiKey, dsn=str)
TAKES_LABEL = takes_body(label=NAME)
TAKES_ROTATION = takes_body(
    revoke_after_hours=Schema(
        type=OpenAPIType.NUMBER,
        minimum=0,
        maximum=MAX_OVERLAP_HOURS,
        default=0,
        description="How long the old key is valid beside the new one.",
    )
)


class KeyLabel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a key is called."""

    label: Name


class Rotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the old key ends."""

    revoke_after_hours: Annotated[float, msgspec.Meta(ge=0, le=MAX_OVERLAP_HOURS)] = 0


async def list_project_keys(
    request: ApiRequest,
    project_id: FromPath[str],
    limit: PageLimit = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[msgspec.Struct]:
    """
    The keys of a project with their DSNs, oldest first, revoked ones too.

    A key can only send events, and stands in what visitors of a page download: it is no secret.
    """
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        found = await list_keys(conn, project, limit=limit, cursor=cursor)
    return Page([_shown(request, project, key) for key in found.items], found.next_cursor)


async def create_key(request: ApiRequest, project_id: FromPath[str]) -> msgspec.Struct:
    """Give a project a further key, with a ``label`` to know it again by; for admins."""
    async with writing_as(request, "admin") as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        wanted = await read_body(request, KeyLabel)
        key = await accounts.create_key(
            conn, actor.author, project, label=clean_name(wanted.label, field="label")
        )
    return _shown(request, project, key)


async def update_key(
    request: ApiRequest, project_id: FromPath[str], key_id: FromPath[str]
) -> msgspec.Struct:
    """Give a key another ``label``; for admins."""
    async with writing_as(request, "admin") as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        parsed = _parse(key_id)
        wanted = await read_body(request, KeyLabel)
        key = await accounts.rename_key(
            conn, actor.author, project, parsed, label=clean_name(wanted.label, field="label")
        )
    return _shown(request, project, key)


async def rotate_key(
    request: ApiRequest, project_id: FromPath[str], key_id: FromPath[str]
) -> msgspec.Struct:
    """
    Make a new key in the place of one, which is revoked now or ``revoke_after_hours``; for admins.

    Returns the new key.
    """
    async with writing_as(request, "admin") as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        parsed = _parse(key_id)
        wanted = await read_body(request, Rotation)
        key = await accounts.rotate_key(
            conn,
            actor.author,
            project,
            parsed,
            revoke_after=timedelta(hours=wanted.revoke_after_hours),
            now=datetime.now(UTC),
        )
    return _shown(request, project, key)


async def revoke_key(request: ApiRequest, project_id: FromPath[str], key_id: FromPath[str]) -> None:
    """Let a key take events no more, within a second or two; for admins. It stays listed."""
    async with writing_as(request, "admin") as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        await accounts.revoke_key(
            conn, actor.author, project, _parse(key_id), now=datetime.now(UTC)
        )


def _parse(key_id: str) -> uuid.UUID:
    parsed = parse_uuid(key_id)
    if parsed is None:
        raise NotFound("there is no such key")
    return parsed


def _shown(request: ApiRequest, project: Project, key: ApiKey) -> msgspec.Struct:
    dsn = format_dsn(
        resources_of(request).url, public_key=key.key_value, project_number=project.number
    )
    return extend(KEY_DETAIL, key, dsn=dsn)
