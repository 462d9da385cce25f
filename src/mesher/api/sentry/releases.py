"""
Releases, by organisation and by project: sentry-cli 3 uses the former paths, sentry-cli 2 the latter
when it is given exactly one project.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Response
from litestar.params import FromPath, FromQuery

from mesher.accounts.access import (
    accessible_organization,
    accessible_release,
    project_of_organization,
    releases_seen,
)
from mesher.accounts.actor import Actor
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.sentry.answers import PAGE_ROWS, paged
from mesher.api.sentry.bodies import Name, ProjectReferences, Text, in_utc, read_json, receive_body
from mesher.errors import NotFound, ProtocolError
from mesher.ids import OrgId
from mesher.storage import release_commits, releases
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.release_commits import Commit, Ref
from mesher.storage.releases import Release, ReleaseChange, ReleaseProject, ReleaseStatus
from mesher.types import Organization, Project

# What cannot stand in a path as one part of it, or would break a line.
_IMPOSSIBLE = re.compile(r"[/\\\x00-\x1f\x7f\u2028\u2029]|\A\s*\Z|\A\.\.?\Z")


class ReleaseBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What clients say of a release: about a new one, and about a change."""

    version: Name | None = None
    projects: ProjectReferences = []
    status: ReleaseStatus | None = None
    url: Text | None = None
    ref: Text | None = None
    date_started: datetime | None = None
    date_released: datetime | None = None
    commits: list[Commit] | None = None
    refs: list[Ref] | None = None


class ReleaseCommit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit by its id."""

    id: str


class ReleaseInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A release as the clients read it."""

    version: str
    short_version: str
    status: ReleaseStatus
    url: str | None
    ref: str | None
    date_created: datetime
    date_started: datetime | None
    date_released: datetime | None
    projects: list[ReleaseProject]
    last_commit: ReleaseCommit | None
    commit_count: int
    authors: list[Any] = []
    new_groups: int = 0
    last_event: datetime | None = None


class NoRelease(msgspec.Struct, frozen=True):
    """``{}``: there is none."""


async def list_releases(
    request: ApiRequest,
    org_id: FromPath[str],
    project_id: FromPath[str | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Response[list[ReleaseInfo]]:
    """The releases of an organisation or project, the newest first."""
    async with reading_as(request, None) as (conn, actor):
        place = await _find_place(conn, actor, org_id, project_id)
        page = await releases.list_releases(
            conn,
            place.organization,
            project_id=place.seen,
            query=request.query_params.get("query", ""),
            limit=PAGE_ROWS,
            cursor=cursor,
        )
    return paged(request, [_info(release) for release in page.items], page)


async def get_release(
    request: ApiRequest,
    org_id: FromPath[str],
    version: FromPath[str],
    project_id: FromPath[str | None] = None,
) -> ReleaseInfo:
    """One release."""
    async with reading_as(request, None) as (conn, actor):
        place = await _find_place(conn, actor, org_id, project_id)
        return _info(await place.release(conn, version))


async def create_release(
    request: ApiRequest, org_id: FromPath[str], project_id: FromPath[str | None] = None
) -> Response[ReleaseInfo]:
    """Make a release: 201, or 208 where it was there and is changed."""
    await receive_body(request, "ci")
    async with writing_as(request, "ci") as (conn, actor):
        place = await _find_place(conn, actor, org_id, project_id)
        body = await read_json(request, ReleaseBody)
        if body.version is None:
            raise ProtocolError("the body names no version", field="version")
        info, is_new = await _save(conn, place, body.version, body)
    return Response(info, status_code=201 if is_new else 208)


async def update_release(
    request: ApiRequest,
    org_id: FromPath[str],
    version: FromPath[str],
    project_id: FromPath[str | None] = None,
) -> ReleaseInfo:
    """Change a release, and make it first where it is not there."""
    await receive_body(request, "ci")
    async with writing_as(request, "ci") as (conn, actor):
        place = await _find_place(conn, actor, org_id, project_id)
        body = await read_json(request, ReleaseBody)
        info, _ = await _save(conn, place, version, body)
        return info


async def delete_release(
    request: ApiRequest,
    org_id: FromPath[str],
    version: FromPath[str],
    project_id: FromPath[str | None] = None,
) -> None:
    """Remove a release, from a project alone where one is named and others have it too."""
    async with writing_as(request, "ci") as (conn, actor):
        place = await _find_place(conn, actor, org_id, project_id)
        release = await place.release(conn, version)
        await releases.delete_release(conn, release, project_id=place.seen)


async def list_commits(
    request: ApiRequest,
    org_id: FromPath[str],
    version: FromPath[str],
    project_id: FromPath[str | None] = None,
) -> list[Commit]:
    """The newest commits of a release."""
    async with reading_as(request, None) as (conn, actor):
        place = await _find_place(conn, actor, org_id, project_id)
        release = await place.release(conn, version)
        return await release_commits.list_commits(conn, release, after=-1, limit=PAGE_ROWS)


async def get_previous_with_commits(
    request: ApiRequest, org_id: FromPath[str], version: FromPath[str]
) -> ReleaseInfo | NoRelease:
    """The release before this one that has commits: clients then send those that came since."""
    async with reading_as(request, None) as (conn, actor):
        place = await _find_place(conn, actor, org_id, None)
        release = await place.release(conn, version)
        previous = await releases.find_previous_with_commits(conn, release, project_id=place.seen)
    return _info(previous) if previous else NoRelease()


class _Place(msgspec.Struct, frozen=True):
    """Where a request looks for releases, and who looks."""

    actor: Actor
    organization: Organization
    project: Project | None

    @property
    def seen(self) -> uuid.UUID | None:
        """The only project whose releases are seen from here."""
        return releases_seen(self.actor, self.project)

    async def release(self, conn: ReadConnection, version: str) -> Release:
        return await accessible_release(conn, self.actor, self.organization, version, self.project)


async def _find_place(
    conn: ReadConnection, actor: Actor, org_id: str, project_id: str | None
) -> _Place:
    organization = await accessible_organization(conn, actor, org_id)
    project = None
    if project_id is not None:
        project = await project_of_organization(conn, actor, organization, project_id)
    return _Place(actor, organization, project)


async def _save(
    conn: WriteConnection, place: _Place, version: str, body: ReleaseBody
) -> tuple[ReleaseInfo, bool]:
    """The release after what a body says of it, and whether it is new."""
    _check_version(version)
    projects = [
        await project_of_organization(conn, place.actor, place.organization, str(reference))
        for reference in body.projects
    ]
    if place.project is not None:
        projects.append(place.project)
    if not projects:
        # Only a release that is there can be spoken of without its projects.
        await _require_release(conn, place, version)
    change = ReleaseChange(
        status=body.status,
        url=body.url,
        ref=body.ref,
        started_at=in_utc(body.date_started),
        released_at=in_utc(body.date_released),
    )
    release_id, is_new = await releases.upsert_release(
        conn, OrgId(place.organization.id), version, change, projects
    )
    if body.commits is not None:
        await release_commits.replace_commits(conn, release_id, body.commits)
    if body.refs is not None:
        await release_commits.set_refs(conn, release_id, body.refs)
    return _info(await place.release(conn, version)), is_new


async def _require_release(conn: ReadConnection, place: _Place, version: str) -> None:
    try:
        await place.release(conn, version)
    except NotFound as error:
        raise ProtocolError(
            "the body names no project of the new release",
            hint="send projects, a list of slugs",
            field="projects",
        ) from error


def _check_version(version: str) -> None:
    if _IMPOSSIBLE.search(version) or len(version) > 200:
        raise ProtocolError(
            f"{version[:60]!r} cannot be a release",
            hint="it has 1 to 200 characters, without slashes and line breaks, and is no dot",
            field="version",
        )


def _info(release: Release) -> ReleaseInfo:
    commit = release.last_commit_id
    return ReleaseInfo(
        version=release.version,
        short_version=release.version.rpartition("@")[2],
        status=release.status,
        url=release.url,
        ref=release.ref,
        date_created=release.created_at.astimezone(UTC),
        date_started=release.started_at,
        date_released=release.released_at,
        projects=release.projects,
        last_commit=ReleaseCommit(id=commit) if commit else None,
        commit_count=release.commit_count,
    )
