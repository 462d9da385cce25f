"""What a release did to the issues of a project."""

from __future__ import annotations

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.types import Project

# Resolved ones by idx_issues_project_status; what came back by idx_issue_activity_project.
_COUNT = text("""
    SELECT
        (SELECT count(*) FROM issues AS i
         WHERE i.project_id = :project_id AND i.status = 'resolved'
             AND i.resolution ->> 'in_release' = :version) AS resolved,
        (SELECT count(DISTINCT a.issue_id) FROM issue_activity AS a
         WHERE a.project_id = :project_id AND a.kind = 'regressed'
             AND a.details ->> 'release' = :version) AS regressed
""")


class ReleaseIssues(msgspec.Struct, frozen=True, kw_only=True):
    """How many issues of a project a release concerns."""

    resolved: int  # that are resolved in it, now
    regressed: int  # that came back by an event of it, once or several times


async def count_release_issues(
    conn: ReadConnection, project: Project, version: str
) -> ReleaseIssues:
    """How many issues of a project are resolved in a release, and came back in it."""
    result = await conn.execute(_COUNT, {"project_id": project.id, "version": version})
    return msgspec.convert(result.mappings().one(), ReleaseIssues)
