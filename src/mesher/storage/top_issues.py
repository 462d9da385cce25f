"""The issues with the most events in a window, without reading the counts of all of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.storage.window import Window
from mesher.types import Project

# Of each project, for each issue that is wanted. No issue has more events in a window than it has at
# all, so mostly these have the top ones; which of them is so is seen in the answer.
EXAMINED_PER_WANTED = 5

_IN_WINDOW = """
    c.hour < :until AND c.hour >= date_trunc('hour', CAST(:since AS timestamptz), 'UTC')
"""

# The largest issues of each project by idx_issues_project_events, their counts by issue_counts_pkey.
# ``others``: as many events may an issue have that is not among them.
_TOP_OF_LARGEST = text(f"""
    WITH largest AS MATERIALIZED (
        SELECT p.id AS project_id, i.*
        FROM unnest(CAST(:project_ids AS uuid[])) AS p (id),
        LATERAL (
            SELECT i.id AS issue_id, i.event_count FROM issues AS i WHERE i.project_id = p.id
            ORDER BY i.event_count DESC, i.id DESC
            LIMIT :examined
        ) AS i
    )
    SELECT c.issue_id, sum(c.events)::bigint AS events, (
        SELECT coalesce(max(smallest), 0) FROM (
            SELECT min(event_count) AS smallest FROM largest GROUP BY project_id
            HAVING count(*) = :examined
        ) AS of_project
    ) AS others
    FROM largest JOIN issue_counts AS c USING (issue_id)
    WHERE {_IN_WINDOW}
    GROUP BY 1 ORDER BY 2 DESC, 1
    LIMIT :limit
""")

# By idx_issue_counts_project: all that came in the window.
_TOP_OF_ALL = text(f"""
    SELECT c.issue_id, sum(c.events)::bigint AS events
    FROM issue_counts AS c
    WHERE c.project_id = ANY(:project_ids) AND {_IN_WINDOW}
    GROUP BY 1 ORDER BY 2 DESC, 1
    LIMIT :limit
""")


class TopIssue(msgspec.Struct, frozen=True):
    """An issue, and how many events it had in the window."""

    issue_id: uuid.UUID
    events: int


async def list_top_issues(
    conn: ReadConnection, projects: Sequence[Project], window: Window, *, limit: int
) -> list[TopIssue]:
    """The issues with the most events in the window, the largest first."""
    values = {
        "project_ids": [project.id for project in projects],
        "since": window.since,
        "until": window.until,
        "limit": limit,
    }
    examined = limit * EXAMINED_PER_WANTED
    rows = (await conn.execute(_TOP_OF_LARGEST, {**values, "examined": examined})).all()
    is_certain = len(rows) == limit and rows[-1].events > rows[-1].others
    if not is_certain:
        rows = (await conn.execute(_TOP_OF_ALL, values)).all()
    return [TopIssue(row.issue_id, row.events) for row in rows]
