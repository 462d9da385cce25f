"""Releases: making, changing, finding and listing them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import text

from mesher.ids import OrgId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.pages import Page, cut_page, decode_cursor
from mesher.types import Organization, Project

ReleaseStatus = Literal["open", "archived"]

# A release with its projects and the newest of its commits; the rows of both by their primary keys.
_COLUMNS = """
    r.id, r.org_id, r.version, r.status, r.url, r.ref, r.created_at, r.started_at, r.released_at,
    (SELECT coalesce(json_agg(json_build_object('slug', coalesce(p.slug, p.id::text),
                                                'name', p.name) ORDER BY p.number), '[]')
     FROM release_projects AS rp JOIN projects AS p ON p.id = rp.project_id
     WHERE rp.release_id = r.id) AS projects,
    (SELECT c.commit_id FROM release_commits AS c WHERE c.release_id = r.id AND c.position = 0)
        AS last_commit_id,
    (SELECT count(*) FROM release_commits AS c WHERE c.release_id = r.id) AS commit_count
"""

# Whether a release is one of the project that is asked about; of every one, without a project.
_OF_PROJECT = """
    (CAST(:project_id AS uuid) IS NULL
     OR EXISTS (SELECT FROM release_projects AS rp
                WHERE rp.release_id = r.id AND rp.project_id = :project_id))
"""

# The release with this version, by the unique index on both.
_FIND = text(f"""
    SELECT {_COLUMNS} FROM releases AS r
    WHERE r.org_id = :org_id AND r.version = :version AND {_OF_PROJECT}
""")

# The release before one that has commits, of the same projects: others are of another repository.
# Read backwards off idx_releases_org_created.
_FIND_PREVIOUS = text(f"""
    SELECT {_COLUMNS}
    FROM releases AS r JOIN release_commits AS c ON c.release_id = r.id AND c.position = 0
    WHERE r.org_id = :org_id AND (r.created_at, r.id) < (:created_at, :id) AND {_OF_PROJECT}
        AND EXISTS (SELECT FROM release_projects AS theirs JOIN release_projects AS ours
                        USING (project_id)
                    WHERE theirs.release_id = r.id AND ours.release_id = :id)
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT 1
""")

# What is not given stays as it is. ``xmax = 0``: the row is new.
_UPSERT = text("""
    INSERT INTO releases AS r
        (org_id, version, status, url, ref, started_at, released_at)
    VALUES (:org_id, :version, coalesce(:status, 'open'), :url, :ref, :started_at, :released_at)
    ON CONFLICT (org_id, version) DO UPDATE SET
        status = coalesce(:status, r.status),
        url = coalesce(:url, r.url),
        ref = coalesce(:ref, r.ref),
        started_at = coalesce(r.started_at, :started_at),
        released_at = coalesce(:released_at, r.released_at)
    RETURNING r.id, r.xmax = 0 AS is_new
""")

_ADD_PROJECT = text("""
    INSERT INTO release_projects (release_id, project_id) VALUES (:release_id, :project_id)
    ON CONFLICT DO NOTHING
""")

_REMOVE_PROJECT = text("""
    DELETE FROM release_projects WHERE release_id = :release_id AND project_id = :project_id
""")

# Its commits, deploys and projects go with it.
_DELETE = text("DELETE FROM releases WHERE id = :release_id")

_DELETE_WITHOUT_PROJECTS = text("""
    DELETE FROM releases WHERE id = :release_id
        AND NOT EXISTS (SELECT FROM release_projects WHERE release_id = :release_id)
""")


class ReleaseProject(msgspec.Struct, frozen=True, kw_only=True):
    """A project that ships a release."""

    slug: str  # its id where it has no slug
    name: str


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A version of what an organisation ships."""

    id: uuid.UUID
    org_id: uuid.UUID
    version: str
    status: ReleaseStatus
    url: str | None
    ref: str | None
    created_at: datetime
    started_at: datetime | None
    released_at: datetime | None  # None: not finalised
    projects: list[ReleaseProject]  # the oldest first
    last_commit_id: str | None
    commit_count: int


class ReleaseChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a release; ``None`` says nothing."""

    status: ReleaseStatus | None = None
    url: str | None = None
    ref: str | None = None
    started_at: datetime | None = None
    released_at: datetime | None = None


async def find_release(
    conn: ReadConnection, organization: Organization, version: str, *, project_id: uuid.UUID | None
) -> Release | None:
    """The release with this version; with a project, only if it is one of that project."""
    # PostgreSQL refuses NUL characters, so no version has one.
    if "\0" in version:
        return None
    result = await conn.execute(
        _FIND, {"org_id": organization.id, "version": version, "project_id": project_id}
    )
    row = result.mappings().one_or_none()
    return msgspec.convert(row, Release) if row else None


async def list_releases(
    conn: ReadConnection,
    organization: Organization,
    *,
    project_id: uuid.UUID | None,
    query: str = "",
    limit: int,
    cursor: str | None,
) -> Page[Release]:
    """
    One page of an organisation's releases, or of one project's, the newest first.

    Args:
        conn: where to read.
        organization: whose releases.
        project_id: only those of this project; ``None`` = all.
        query: only those with this text in their version; may be empty.
        limit: the length of the page.
        cursor: of the page before; ``None`` = the first page.

    Raises:
        ProtocolError: the cursor is not one of this list.
    """
    conditions = ["r.org_id = :org_id", _OF_PROJECT]
    values: dict[str, Any] = {
        "org_id": organization.id,
        "project_id": project_id,
        "limit": limit + 1,
    }
    if query:
        conditions.append("position(:query IN r.version) > 0")
        values["query"] = query.replace("\0", "")
    if cursor:
        conditions.append("(r.created_at, r.id) < (:after_time, :after_id)")
        values["after_time"], values["after_id"] = decode_cursor(cursor, tuple[datetime, uuid.UUID])
    # Read backwards off idx_releases_org_created.
    result = await conn.execute(
        text(f"""
            SELECT {_COLUMNS} FROM releases AS r
            WHERE {" AND ".join(conditions)}
            ORDER BY r.created_at DESC, r.id DESC
            LIMIT :limit
        """),
        values,
    )
    found = [msgspec.convert(row, Release) for row in result.mappings()]
    return cut_page(found, limit, lambda release: (release.created_at, release.id))


async def find_previous_with_commits(
    conn: ReadConnection, release: Release, *, project_id: uuid.UUID | None
) -> Release | None:
    """The latest release before this one that has commits and a project in common."""
    result = await conn.execute(
        _FIND_PREVIOUS,
        {
            "org_id": release.org_id,
            "created_at": release.created_at,
            "id": release.id,
            "project_id": project_id,
        },
    )
    row = result.mappings().one_or_none()
    return msgspec.convert(row, Release) if row else None


async def upsert_release(
    conn: WriteConnection,
    org_id: OrgId,
    version: str,
    change: ReleaseChange,
    projects: Sequence[Project],
) -> tuple[uuid.UUID, bool]:
    """
    Make a release, or change what ``change`` names of the one with this version, and add projects.

    Returns:
        Its id, and whether it is new.
    """
    result = await conn.execute(
        _UPSERT, {"org_id": org_id, "version": version, **msgspec.structs.asdict(change)}
    )
    row = result.one()
    for project_id in sorted(project.id for project in projects):  # one order for all: no deadlock
        await conn.execute(_ADD_PROJECT, {"release_id": row.id, "project_id": project_id})
    return row.id, row.is_new


async def delete_release(
    conn: WriteConnection, release: Release, *, project_id: uuid.UUID | None
) -> None:
    """Remove a release; with a project, from that project, and whole if it has no other."""
    if project_id is None:
        await conn.execute(_DELETE, {"release_id": release.id})
        return
    await conn.execute(_REMOVE_PROJECT, {"release_id": release.id, "project_id": project_id})
    await conn.execute(_DELETE_WITHOUT_PROJECTS, {"release_id": release.id})
