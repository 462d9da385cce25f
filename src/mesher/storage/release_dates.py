"""When the releases of a project were made, for marks on charts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.types import Project

# A chart with more marks than these shows none of them.
MAX_MARKS = 200

# By idx_releases_org_created; whether it is one of the project by primary key.
_LIST = text("""
    SELECT r.version, coalesce(r.released_at, r.created_at) AS made_at
    FROM releases AS r
    WHERE r.org_id = :org_id AND r.created_at >= :since
      AND EXISTS (SELECT FROM release_projects AS rp
                  WHERE rp.release_id = r.id AND rp.project_id = :project_id)
    ORDER BY r.created_at DESC
    LIMIT :limit
""")


async def list_versions_since(
    conn: ReadConnection, project: Project, since: datetime
) -> list[tuple[str, datetime]]:
    """The latest versions of a project that were made since then, with when they were."""
    result = await conn.execute(
        _LIST,
        {
            "org_id": project.org_id,
            "project_id": project.id,
            "since": since,
            "limit": MAX_MARKS,
        },
    )
    return [(row.version, row.made_at) for row in result]
