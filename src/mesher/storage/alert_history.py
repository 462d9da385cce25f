"""What has happened to the issues of a project that alert rules wait for, as far back as it is kept."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.storage.new_alert_signals import Signal
from mesher.storage.window import Window
from mesher.types import Project

# More than people read; the latest are those that are told.
MAX_SIGNALS = 10_000

# New ones by idx_issues_project_first_seen, those that came back by idx_issue_activity_project.
_LIST = text("""
    SELECT * FROM (
        SELECT i.project_id, i.id AS issue_id, 'new_issue' AS kind, i.first_seen AS at
        FROM issues AS i
        WHERE i.project_id = :project_id AND i.first_seen >= :since AND i.first_seen < :until
        UNION ALL
        SELECT a.project_id, a.issue_id, 'regression', a.at
        FROM issue_activity AS a
        WHERE a.project_id = :project_id AND a.kind = 'regressed'
          AND a.at >= :since AND a.at < :until
    ) AS happened
    WHERE kind = ANY (:kinds)
    ORDER BY at DESC LIMIT :limit
""")


async def list_past_signals(
    conn: ReadConnection, project: Project, kinds: Collection[str], window: Window
) -> list[Signal]:
    """What happened within a window, the latest first."""
    values = {
        "project_id": project.id,
        "since": window.since,
        "until": window.until,
        "kinds": list(kinds),
        "limit": MAX_SIGNALS,
    }
    return [msgspec.convert(row, Signal) for row in (await conn.execute(_LIST, values)).mappings()]
