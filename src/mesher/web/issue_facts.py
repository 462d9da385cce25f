"""What stands beside an issue: how many events it had on which day, and in which releases it was seen."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from mesher.storage.database import ReadConnection
from mesher.storage.events import find_oldest_event
from mesher.storage.release_dates import list_versions_since
from mesher.storage.volume import list_timeline
from mesher.storage.window import Window
from mesher.types import Event, Issue, Project

DAYS = 30


async def issue_facts(
    conn: ReadConnection, issue: Issue, project: Project, latest: Event | None, now: datetime
) -> dict[str, Any]:
    """
    The facts of an issue.

    Args:
        conn: where to read.
        issue: an (accessible) issue.
        project: that it is in.
        latest: its event that was received last, if it has any left.
        now: until when days are counted.
    """
    oldest = await find_oldest_event(conn, issue) if latest else None
    window = Window(now - timedelta(days=DAYS - 1), now)
    releases: dict[date, list[str]] = defaultdict(list)
    for version, made_at in await list_versions_since(conn, project, window.since):
        releases[made_at.date()].append(version)
    return {
        "days": await list_timeline(conn, issue, window, "day", "UTC"),
        "releases": releases,
        "first_release": oldest.tags.get("release") if oldest else None,
        "last_release": latest.tags.get("release") if latest else None,
    }
