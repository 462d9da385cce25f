"""
Uploads: chunks, and what is to be made of them.

    GET chunk-upload          how to cut files
    POST .../assemble/        which chunks are missing? (state not_found)
    POST chunk-upload         those
    POST .../assemble/        created, assembling, and in the end ok or error
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
from litestar.params import FromPath

from mesher.accounts.access import (
    accessible_organization,
    accessible_release,
    project_of_organization,
)
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.sentry.answers import server_url
from mesher.api.sentry.bodies import Name, ProjectReferences, Sha1, read_json, receive_body
from mesher.errors import ProtocolError
from mesher.ids import OrgId
from mesher.resources import resources_of
from mesher.storage import projects
from mesher.storage.assemblies import (
    Assembly,
    find_assemblies,
    keep_chunks_longer,
    request_assembly,
)
from mesher.storage.assembly_work import AssemblyRequest, Target
from mesher.storage.database import WriteConnection
from mesher.symbolication.limits import MAX_BUNDLE_BYTES
from mesher.types import Organization
from mesher.uploads.chunks import keep_chunks
from mesher.uploads.form import CHUNK_BYTES, MAX_FORM_BYTES, MAX_PARTS

# How many requests a client sends at once: more bring nothing, a thread unpacks each.
CONCURRENCY = 4
# A file that was in hand this long belonged to a process that is gone: it is begun anew.
STALLED_SECONDS = 300
# An error is told to whoever asks in this time; a later request is a new try.
ERROR_SECONDS = 30
# These take an address relative to /api/0/, which is right through whatever proxy they came. The
# command line that the bundler plugins bring since version 11 (sentry-cli/0.x) does not.
_FOLLOWS_RELATIVE = re.compile(r"sentry-cli/[23]\.", re.ASCII)
# What clients may send here; Mesher keeps debug files of every kind, and uses those that it can read.
ACCEPTED = (
    "debug_files",
    "release_files",
    "pdbs",
    "portablepdbs",
    "sources",
    "bcsymbolmaps",
    "il2cpp",
    "proguard",
    "dartsymbolmap",
    "artifact_bundles",
    "artifact_bundles_v2",  # sentry-cli 2 then asks what is missing before it uploads
)


class ChunkOptions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How clients are to cut and send files."""

    url: str
    chunk_size: int = CHUNK_BYTES
    chunks_per_request: int = MAX_PARTS
    max_file_size: int = MAX_BUNDLE_BYTES
    max_request_size: int = MAX_FORM_BYTES
    concurrency: int = CONCURRENCY
    hash_algorithm: Literal["sha1"] = "sha1"
    compression: tuple[str, ...] = ("gzip",)
    accept: tuple[str, ...] = ACCEPTED


class BundleBody(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle of a release's files, and whose it is."""

    checksum: Sha1
    chunks: list[Sha1]
    projects: ProjectReferences = []
    version: Name | None = None
    dist: Name | None = None


class AssemblyInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How far a file is, as the clients read it."""

    state: Literal["not_found", "created", "assembling", "ok", "error"]
    missing_chunks: list[str] = []
    detail: str | None = None


async def get_chunk_options(request: ApiRequest, org_id: FromPath[str]) -> ChunkOptions:
    """How to upload to an organisation."""
    async with reading_as(request, "ci") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
    path = f"organizations/{organization.slug}/chunk-upload/"
    if _FOLLOWS_RELATIVE.match(request.headers.get("user-agent", "")):
        return ChunkOptions(url=path)
    return ChunkOptions(url=f"{server_url(request)}/api/0/{path}")


async def upload_chunks(request: ApiRequest, org_id: FromPath[str]) -> list[Any]:
    """Keep chunks of files; the answer is empty."""
    async with writing_as(request, "ci") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
    resources = resources_of(request)
    async with resources.uploads:
        await keep_chunks(
            resources.database_url,
            OrgId(organization.id),
            request.headers.get("content-type", ""),
            request.stream(),
        )
    return []


async def assemble_bundle(request: ApiRequest, org_id: FromPath[str]) -> AssemblyInfo:
    """Make artifacts of a bundle, found by debug id, and by release if one is named."""
    await receive_body(request, "ci")
    async with writing_as(request, "ci") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        body = await read_json(request, BundleBody)
        references = [str(reference) for reference in body.projects]
        if not references and actor.viewer.project_id:
            references = [str(actor.viewer.project_id)]
        if not references:
            raise ProtocolError("the body names no project", field="projects")
        project_ids = [
            (await project_of_organization(conn, actor, organization, reference)).id
            for reference in references
        ]
        target = Target(
            project_ids=sorted({str(project_id) for project_id in project_ids}),
            release=body.version,
            dist=body.dist,
        )
        return await _assemble_bundle(conn, organization, body, target)


async def assemble_release_bundle(
    request: ApiRequest, org_id: FromPath[str], version: FromPath[str]
) -> AssemblyInfo:
    """The same for the files of a release, as clients did it before there were debug ids."""
    await receive_body(request, "ci")
    async with writing_as(request, "ci") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        release = await accessible_release(conn, actor, organization, version)
        body = await read_json(request, BundleBody)
        found = await projects.list_projects_of_release(conn, actor.viewer, release)
        target = Target(
            project_ids=sorted(str(project.id) for project in found),
            release=release.version,
            dist=body.dist,
        )
        return await _assemble_bundle(conn, organization, body, target)


async def _assemble_bundle(
    conn: WriteConnection, organization: Organization, body: BundleBody, target: Target
) -> AssemblyInfo:
    wanted = AssemblyRequest(
        kind="artifact_bundle", checksum=body.checksum, chunks=body.chunks, target=target
    )
    [info] = await advance(conn, OrgId(organization.id), [wanted])
    return info


async def advance(
    conn: WriteConnection, org_id: OrgId, wanted: Sequence[AssemblyRequest]
) -> list[AssemblyInfo]:
    """
    Have files put together whose chunks are all there.

    Returns:
        How far each is, in their order.
    """
    known = await find_assemblies(conn, org_id, [request.key for request in wanted])
    sha1s = {sha1 for request in wanted for sha1 in request.chunks}
    sizes = await keep_chunks_longer(conn, org_id, sorted(sha1s))
    now = datetime.now(UTC)
    infos = []
    for request in wanted:
        info = _told(known.get(request.key), now) or _lacking(request, sizes)
        if info is None:
            await request_assembly(conn, org_id, request)
            info = AssemblyInfo(state="created")
        infos.append(info)
    return infos


def _told(known: Assembly | None, now: datetime) -> AssemblyInfo | None:
    """What is known of a file; ``None`` where it is to be begun."""
    if known is None:
        return None
    age = now - known.updated_at
    if known.state == "error" and age > timedelta(seconds=ERROR_SECONDS):
        return None
    if known.state in {"created", "assembling"} and age > timedelta(seconds=STALLED_SECONDS):
        return None
    return AssemblyInfo(state=known.state, detail=known.detail)


def _lacking(request: AssemblyRequest, sizes: dict[str, int]) -> AssemblyInfo | None:
    """What stands in the way of putting a file together."""
    missing = [sha1 for sha1 in dict.fromkeys(request.chunks) if sha1 not in sizes]
    if missing or not request.chunks:
        return AssemblyInfo(state="not_found", missing_chunks=missing)
    size = sum(sizes[sha1] for sha1 in request.chunks)
    if size > MAX_BUNDLE_BYTES:
        return AssemblyInfo(
            state="error",
            detail=f"the file has {size} bytes; {MAX_BUNDLE_BYTES} are taken",
        )
    return None
