"""How many issues began, came back and were resolved within a window."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.storage.window import Window
from mesher.types import Project

# New ones by idx_issues_project_first_seen, the others by idx_issue_activity_project.
_COUNT = text("""
    SELECT
        (SELECT count(*) FROM issues AS i
         WHERE i.project_id = ANY (:project_ids)
           AND i.first_seen >= :since AND i.first_seen < :until) AS new,
        (SELECT count(DISTINCT a.issue_id) FROM issue_activity AS a
         WHERE a.project_id = ANY (:project_ids) AND a.kind = 'regressed'
           AND a.at >= :since AND a.at < :until) AS regressed,
        (SELECT count(DISTINCT a.issue_id) FROM issue_activity AS a
         WHERE a.project_id = ANY (:project_ids) AND a.kind = 'resolved'
           AND a.at >= :since AND a.at < :until) AS resolved
""")


class IssueTurns(msgspec.Struct, frozen=True, kw_only=True):
    """Issues by what happened to them; one that came back twice is counted once."""

    new: int
    regressed: int
    resolved: int


async def count_turns(
    conn: ReadConnection, projects: Sequence[Project], window: Window
) -> IssueTurns:
    """What happened to the issues of projects."""
    values = {
        "project_ids": [project.id for project in projects],
        "since": window.since,
        "until": window.until,
    }
    return msgspec.convert((await conn.execute(_COUNT, values)).mappings().one(), IssueTurns)
