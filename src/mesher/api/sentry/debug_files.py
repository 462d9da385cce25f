"""Debug files of native code and mappings of Java code."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar.params import FromPath

from mesher.accounts.access import accessible_organization, project_of_organization
from mesher.accounts.actor import Actor
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.sentry.answers import PAGE_ROWS
from mesher.api.sentry.bodies import Name, Sha1, Text, read_json, receive_body
from mesher.api.sentry.uploads import AssemblyInfo, advance
from mesher.errors import ProtocolError
from mesher.ids import OrgId
from mesher.protocol.multipart import parse_multipart
from mesher.resources import resources_of
from mesher.storage.assembly_work import AssemblyRequest, Target
from mesher.storage.database import ReadConnection
from mesher.storage.uploaded_debug_files import (
    UploadedDebugFile,
    find_uploaded,
    list_uploaded,
)
from mesher.types import Project
from mesher.uploads.chunks import cut_and_keep
from mesher.uploads.mappings import mapping_id, read_mappings

# Files of one request; an application with its frameworks has some hundreds.
MAX_FILES = 2000
# Of a query string, which a server limits to some kilobytes anyway.
MAX_CHECKSUMS = 500


class DebugFileBody(msgspec.Struct, frozen=True, kw_only=True):
    """One file that is to be put together."""

    name: Text
    chunks: list[Sha1]
    debug_id: Name | None = None

    @property
    def given_id(self) -> str | None:
        """The id that the client has for it; mappings carry theirs in their name."""
        return self.debug_id or _text(mapping_id(self.name))


class DebugFileData(msgspec.Struct, frozen=True, kw_only=True):
    """What can be done with an object."""

    type: str | None
    features: list[str]


class DebugFileInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A debug file as the clients read it."""

    id: uuid.UUID
    uuid: str
    debug_id: str
    code_id: str | None
    cpu_name: str
    object_name: str
    symbol_type: str
    headers: dict[str, str]
    size: int
    sha1: str
    date_created: datetime
    data: DebugFileData


class DebugFileAssembly(AssemblyInfo, frozen=True, kw_only=True, rename="camel"):
    """How far a debug file is, and what it holds once it is kept."""

    dif: DebugFileInfo | None = None


DebugFileBodies = Annotated[dict[Sha1, DebugFileBody], msgspec.Meta(max_length=MAX_FILES)]


async def assemble_debug_files(
    request: ApiRequest, org_id: FromPath[str], project_id: FromPath[str]
) -> Mapping[str, AssemblyInfo]:
    """Put debug files together; of one that the project has already, nothing is uploaded."""
    await receive_body(request, "ci")
    async with writing_as(request, "ci") as (conn, actor):
        project = await _project(conn, actor, org_id, project_id)
        files: dict[str, DebugFileBody] = await read_json(request, DebugFileBodies)
        uploaded = await find_uploaded(conn, project, list(files))
        there: dict[str, UploadedDebugFile] = {}
        for checksum, file in files.items():
            kept = _find_object(uploaded.get(checksum, []), file.given_id)
            if kept is not None:
                there[checksum] = kept
        wanted = [
            AssemblyRequest(
                kind="debug_file",
                checksum=checksum,
                chunks=file.chunks,
                target=Target(
                    project_ids=[str(project.id)], name=file.name, debug_id=file.given_id
                ),
            )
            for checksum, file in files.items()
            if checksum not in there
        ]
        infos = await advance(conn, OrgId(project.org_id), wanted)
    advanced = dict(zip([file.checksum for file in wanted], infos, strict=True))
    present = {
        checksum: DebugFileAssembly(state="ok", dif=_info(file)) for checksum, file in there.items()
    }
    return {**advanced, **present}


async def upload_archive(
    request: ApiRequest, org_id: FromPath[str], project_id: FromPath[str]
) -> list[DebugFileInfo]:
    """Keep the ProGuard mappings of a zip archive, which is the form's ``file``."""
    async with writing_as(request, "ci") as (conn, actor):
        project = await _project(conn, actor, org_id, project_id)
    resources = resources_of(request)
    async with resources.uploads:
        parts = parse_multipart(await request.body(), request.headers.get("content-type", ""))
        mappings = await asyncio.to_thread(
            _keep_mappings, resources.database_url, project, [part.data for part in parts]
        )
    async with writing_as(request, "ci") as (conn, actor):
        await _project(conn, actor, org_id, project_id)
        await advance(conn, OrgId(project.org_id), mappings)
    return [_mapping_info(mapping) for mapping in mappings]


async def list_debug_files(
    request: ApiRequest, org_id: FromPath[str], project_id: FromPath[str]
) -> list[DebugFileInfo]:
    """The newest debug files of a project."""
    async with reading_as(request, None) as (conn, actor):
        project = await _project(conn, actor, org_id, project_id)
        return [_info(file) for file in await list_uploaded(conn, project, limit=PAGE_ROWS)]


async def list_unknown(
    request: ApiRequest, org_id: FromPath[str], project_id: FromPath[str]
) -> dict[str, list[str]]:
    """Which of these sums (``checksums=``, repeated) are of no file of the project."""
    async with reading_as(request, "ci") as (conn, actor):
        project = await _project(conn, actor, org_id, project_id)
        checksums = request.query_params.getall("checksums", [])
        if len(checksums) > MAX_CHECKSUMS:
            raise ProtocolError(f"more than {MAX_CHECKSUMS} checksums at once", field="checksums")
        try:
            asked = msgspec.convert(checksums, list[Sha1])
        except msgspec.ValidationError as error:
            raise ProtocolError("one of them is no SHA-1", field="checksums") from error
        there = await find_uploaded(conn, project, asked)
    return {"missing": [checksum for checksum in asked if checksum not in there]}


async def request_reprocessing(
    request: ApiRequest, org_id: FromPath[str], project_id: FromPath[str]
) -> dict[str, Any]:
    """Nothing is to be done: what was uploaded is applied without being asked for."""
    async with writing_as(request, "ci") as (conn, actor):
        await _project(conn, actor, org_id, project_id)
    return {}


async def _project(conn: ReadConnection, actor: Actor, org_id: str, project_id: str) -> Project:
    organization = await accessible_organization(conn, actor, org_id)
    return await project_of_organization(conn, actor, organization, project_id)


def _find_object(kept: list[UploadedDebugFile], debug_id: str | None) -> UploadedDebugFile | None:
    """The object with this id; any, where the client leaves the id to the file."""
    return next((one for one in kept if debug_id is None or one.debug_id == debug_id.lower()), None)


def _text(value: uuid.UUID | None) -> str | None:
    return str(value) if value else None


def _keep_mappings(
    database_url: str, project: Project, archives: list[bytes]
) -> list[AssemblyRequest]:
    return [
        AssemblyRequest(
            kind="debug_file",
            checksum=hashlib.sha1(mapping.data, usedforsecurity=False).hexdigest(),
            chunks=cut_and_keep(database_url, OrgId(project.org_id), mapping.data),
            target=Target(
                project_ids=[str(project.id)], name=mapping.name, debug_id=str(mapping.debug_id)
            ),
        )
        for archive in archives
        for mapping in read_mappings(archive)
    ]


def _mapping_info(mapping: AssemblyRequest) -> DebugFileInfo:
    """What is known of a mapping before it is read: all that the client asks for."""
    debug_id = mapping.target.debug_id or ""
    return DebugFileInfo(
        id=uuid.UUID(debug_id),
        uuid=debug_id,
        debug_id=debug_id,
        code_id=None,
        cpu_name="any",
        object_name=mapping.target.name or "",
        symbol_type="proguard",
        headers={"Content-Type": "text/x-proguard+plain"},
        size=0,
        sha1=mapping.checksum,
        date_created=datetime.now(UTC),
        data=DebugFileData(type=None, features=["mapping"]),
    )


def _info(file: UploadedDebugFile) -> DebugFileInfo:
    return DebugFileInfo(
        id=file.id,
        uuid=file.debug_id[:36],
        debug_id=file.debug_id,
        code_id=file.code_id or None,
        cpu_name=file.arch,
        object_name=file.name,
        symbol_type=file.format,
        headers={"Content-Type": "application/octet-stream"},
        size=file.size_bytes,
        sha1=file.sha1,
        date_created=file.uploaded_at,
        data=DebugFileData(type=file.kind or None, features=file.features),
    )
