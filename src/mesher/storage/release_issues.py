"""What a release did to the issues of a project."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.storage.window import Window
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


# The same for several at once, and how many issues began while each was the newest: of a window each.
_COUNT_MANY = text("""
    WITH v AS MATERIALIZED (
        SELECT * FROM json_to_recordset(CAST(:releases AS json)) AS v(
            version text, since timestamptz, until timestamptz)
    ),
    resolved AS (
        SELECT i.resolution ->> 'in_release' AS version, count(*) AS issues FROM issues AS i
        WHERE i.project_id = :project_id AND i.status = 'resolved'
          AND i.resolution ->> 'in_release' IS NOT NULL
        GROUP BY 1
    ),
    regressed AS (
        SELECT a.details ->> 'release' AS version, count(DISTINCT a.issue_id) AS issues
        FROM issue_activity AS a
        WHERE a.project_id = :project_id AND a.kind = 'regressed'
          AND a.at >= (SELECT min(since) FROM v)
        GROUP BY 1
    )
    SELECT v.version, coalesce(resolved.issues, 0) AS resolved,
           coalesce(regressed.issues, 0) AS regressed,
        (SELECT count(*) FROM issues AS i
         WHERE i.project_id = :project_id
           AND i.first_seen >= v.since AND i.first_seen < v.until) AS began
    FROM v LEFT JOIN resolved USING (version) LEFT JOIN regressed USING (version)
""")

# What was uploaded for a release, by its kind, and whether events of it lack their source map.
_ARTIFACTS = text("""
    SELECT type, count(*) AS files FROM artifacts
    WHERE project_id = :project_id AND release = :version GROUP BY 1 ORDER BY 1
""")
_IS_AWAITED = text("""
    SELECT EXISTS (SELECT FROM awaited_artifacts
                   WHERE project_id = :project_id AND kind = 'release' AND name = :version
                     AND arrived_at IS NULL)
""")


class ReleaseTurns(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to the issues of a project with a release."""

    began: int  # while it was the newest
    resolved: int
    regressed: int


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


async def count_release_turns(
    conn: ReadConnection, project: Project, windows: Mapping[str, Window]
) -> dict[str, ReleaseTurns]:
    """
    What happened to the issues of a project with releases.

    Args:
        conn: where to read.
        project: whose issues.
        windows: for each version from when until when it was the newest.
    """
    releases = [
        {"version": version, "since": window.since, "until": window.until}
        for version, window in windows.items()
    ]
    values = {"project_id": project.id, "releases": msgspec.json.encode(releases).decode()}
    return {
        row.version: ReleaseTurns(began=row.began, resolved=row.resolved, regressed=row.regressed)
        for row in await conn.execute(_COUNT_MANY, values)
    }


async def count_artifacts(
    conn: ReadConnection, project: Project, version: str
) -> tuple[dict[str, int], bool]:
    """The files that were uploaded for a release by their kind, and whether its events lack any."""
    values = {"project_id": project.id, "version": version}
    found = {row.type: row.files for row in await conn.execute(_ARTIFACTS, values)}
    return found, bool((await conn.execute(_IS_AWAITED, values)).scalar_one())
