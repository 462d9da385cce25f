"""What is stored of one person in a project: found, exported, erased, and the record of it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec
import psycopg
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import FromPath
from litestar.response import Stream
from psycopg.rows import TupleRow

from mesher.accounts.access import accessible_project
from mesher.accounts.actor import require_scope
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.errors import ProtocolError, Unavailable
from mesher.privacy.persons import (
    Erased,
    PersonSummary,
    erase_person,
    export_person,
    find_person,
    person_of,
)
from mesher.privacy.record import list_recorded
from mesher.resources import resources_of
from mesher.storage.connection import connect
from mesher.storage.database import RETRY_AFTER_SECONDS
from mesher.storage.pages import Page
from mesher.storage.persons import Person
from mesher.storage.privacy_actions import PrivacyAction

T = TypeVar("T")

_GZIP = zlib.MAX_WBITS | 16  # how zlib is told to write gzip


class PersonReference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is meant: exactly one of these."""

    user_id: str | None = None
    email: str | None = None
    address: str | None = None


async def find_person_data(request: ApiRequest, project_id: FromPath[str]) -> PersonSummary:
    """How much is stored of a person; the body names who, so that no log of addresses does."""
    person, actor = await _person(request, project_id)
    return await _run(request, lambda conn: find_person(conn, person, actor=actor))


async def export_person_data(request: ApiRequest, project_id: FromPath[str]) -> Stream:
    """All that is stored of a person, as lines of JSON, compressed with gzip."""
    person, actor = await _person(request, project_id)
    return Stream(
        _export(resources_of(request).database_url, person, actor),
        media_type="application/gzip",
        headers={"content-disposition": "attachment; filename=person.jsonl.gz"},
    )


async def erase_person_data(request: ApiRequest, project_id: FromPath[str]) -> Erased:
    """Remove all that is stored of a person. The counts of issues stay."""
    person, actor = await _person(request, project_id)
    return await _run(request, lambda conn: erase_person(conn, person, actor=actor))


async def list_privacy_actions(
    request: ApiRequest, project_id: FromPath[str]
) -> Page[PrivacyAction]:
    """Who found, exported, erased or scrubbed what in a project, the latest first."""
    async with reading_as(request) as (conn, actor):
        require_scope(actor, "admin")
        project = await accessible_project(conn, actor, project_id, needs="admin")
    return Page(await _run(request, lambda conn: list_recorded(conn, project.id)))


async def _person(request: ApiRequest, project_id: str) -> tuple[Person, str]:
    """
    Whom a request is about, and who asks.

    Raises:
        AuthError, Forbidden, NotFound: the caller may not; looked at before the body is.
        ProtocolError: the body names nobody.
    """
    async with writing_as(request, "admin") as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        try:
            given = msgspec.json.decode(await request.body(), type=PersonReference)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ProtocolError(f"the body names no person: {error}") from error
        return person_of(project.id, **msgspec.structs.asdict(given)), actor.name


async def _run(request: ApiRequest, act: Callable[[psycopg.Connection[TupleRow]], T]) -> T:
    """Act over a connection of its own: it may take minutes, and commits batch by batch."""

    def run() -> T:
        with connect(resources_of(request).database_url, application_name="mesher-web") as conn:
            return act(conn)

    try:
        return await asyncio.to_thread(run)
    except psycopg.OperationalError as error:
        raise Unavailable(
            "the database cannot be reached", retry_after_seconds=RETRY_AFTER_SECONDS
        ) from error


def _export(database_url: str, person: Person, actor: str) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=_GZIP)
    with connect(database_url, application_name="mesher-web") as conn:
        for lines in export_person(conn, person, actor=actor):
            yield packer.compress(lines)
    yield packer.flush()


@dataclass
class TakesPerson(Operation):
    """Says in the OpenAPI document what the body is; the handler reads it itself."""

    def __post_init__(self) -> None:
        """Add the body."""
        one = Schema(type=OpenAPIType.STRING)
        schema = Schema(
            type=OpenAPIType.OBJECT,
            description="Exactly one of these.",
            properties=dict.fromkeys(PersonReference.__struct_fields__, one),
        )
        self.request_body = RequestBody(
            content={"application/json": OpenAPIMediaType(schema=schema)}, required=True
        )
