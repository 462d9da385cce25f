"""The ingest settings of a project: what it lets in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.openapi.spec import OpenAPIMediaType, Operation, Reference, RequestBody
from litestar.params import FromPath

from mesher.accounts.access import accessible_project
from mesher.accounts.actor import require_scope
from mesher.accounts.ingest_settings import change_ingest_settings
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.errors import ProtocolError
from mesher.storage.ingest_settings import (
    read_settings,
)
from mesher.values.ingest_settings import IngestSettings

_FIELDS = frozenset(IngestSettings.__struct_fields__)


async def get_ingest_settings(request: ApiRequest, project_id: FromPath[str]) -> IngestSettings:
    """The limits, filters and sampling of a project."""
    async with reading_as(request) as (conn, actor):
        require_scope(actor, "admin")
        project = await accessible_project(conn, actor, project_id, needs="admin")
        return await read_settings(conn, project)


async def update_ingest_settings(request: ApiRequest, project_id: FromPath[str]) -> IngestSettings:
    """
    Change those settings that the body, a JSON object, names; in force within some seconds.

    Returns all of them.
    """
    async with writing_as(request, "admin") as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        change = _read_change(await request.body())
        return await change_ingest_settings(conn, actor.author, project, change)


def _read_change(body: bytes) -> dict[str, Any]:
    """
    The fields that a body changes, with their new values.

    Raises:
        ProtocolError: it is no JSON object; or it names the first field that is unknown or whose
            value does not fit.
    """
    try:
        given = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"the body is not a JSON object: {error}") from error
    return {name: _read_value(name, value) for name, value in given.items()}


def _read_value(name: str, value: Any) -> Any:
    if name not in _FIELDS:
        raise ProtocolError(
            f"{name!r} is no ingest setting",
            hint=f"one of {', '.join(sorted(_FIELDS))}",
            field=name,
        )
    try:
        return getattr(msgspec.convert({name: value}, IngestSettings), name)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$.")
        raise ProtocolError(f"{name}: {reason}", field=path.rstrip("`") or name) from error


@dataclass
class TakesIngestSettings(Operation):
    """
    Says in the OpenAPI document what the body is.

    The framework would read a declared one before it is known who asks.
    """

    def __post_init__(self) -> None:
        """Add the body; all fields of the settings have defaults, so none is required."""
        schema = Reference(ref="#/components/schemas/IngestSettings")
        self.request_body = RequestBody(
            content={"application/json": OpenAPIMediaType(schema=schema)}, required=True
        )
