"""The versions that a project has releases of, for what is resolved in one."""

from __future__ import annotations

import uuid

from sqlalchemy import text

from mesher.storage.database import ReadConnection

# The latest releases of a project, by release_projects' index and the releases' primary key.
_LATEST_VERSIONS = text("""
    SELECT r.version FROM release_projects AS rp JOIN releases AS r ON r.id = rp.release_id
    WHERE rp.project_id = :project_id
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT :limit
""")
_HAS_RELEASE = text("""
    SELECT EXISTS (
        SELECT FROM release_projects AS rp JOIN releases AS r ON r.id = rp.release_id
        WHERE rp.project_id = :project_id AND r.version = :version
    )
""")


async def list_latest_versions(
    conn: ReadConnection, project_id: uuid.UUID, *, limit: int
) -> list[str]:
    """The versions of the releases of a project that were made last, the latest first."""
    values = {"project_id": project_id, "limit": limit}
    return list((await conn.execute(_LATEST_VERSIONS, values)).scalars())


async def has_release(conn: ReadConnection, project_id: uuid.UUID, version: str) -> bool:
    """Whether a project has a release of this version."""
    if "\0" in version:  # which PostgreSQL refuses, so none has one
        return False
    values = {"project_id": project_id, "version": version}
    return bool((await conn.execute(_HAS_RELEASE, values)).scalar_one())
