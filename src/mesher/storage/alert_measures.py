"""How much came of what within a window, for alert rules."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import text

from mesher.ids import UserId
from mesher.search.tree import Node
from mesher.storage.database import ReadConnection
from mesher.storage.latest_releases import latest_releases
from mesher.storage.search_conditions import Conditions
from mesher.storage.search_time import limited_time
from mesher.storage.window import Window
from mesher.types import Project

_HOUR = timedelta(hours=1)

# Issues that had as many events in the hours which the window touches: no others have them within it.
# By idx_issue_counts_project.
_BUSY = text("""
    SELECT c.issue_id FROM issue_counts AS c
    WHERE c.project_id = :project_id AND c.hour < :until
      AND c.hour >= date_trunc('hour', CAST(:since AS timestamptz), 'UTC')
    GROUP BY 1 HAVING sum(c.events) >= :least
    ORDER BY sum(c.events) DESC
    LIMIT :limit
""")

# Full hours by project_counts_pkey, what stands out at both ends by idx_events_project_received.
_OF_PROJECT = text("""
    SELECT coalesce((SELECT sum(c.events) FROM project_counts AS c
                     WHERE c.project_id = :project_id
                       AND c.hour >= :full_since AND c.hour < :full_until), 0)::bigint
         + (SELECT count(*) FROM events AS e
            WHERE e.project_id = :project_id
              AND e.received_at >= :since AND e.received_at < :full_since)
         + (SELECT count(*) FROM events AS e
            WHERE e.project_id = :project_id
              AND e.received_at >= :full_until AND e.received_at < :until)
""")

# By issue_counts_pkey. The time since an issue was seen first counts, not that before it.
_USUAL = text("""
    SELECT i.id, i.first_seen, coalesce(sum(c.events), 0)::bigint AS events
    FROM issues AS i LEFT JOIN issue_counts AS c
        ON c.issue_id = i.id AND c.hour >= :since AND c.hour < :until
    WHERE i.id = ANY (:ids)
    GROUP BY 1
""")

# By idx_events_project_received.
_ANY = text("""
    SELECT EXISTS (SELECT FROM events AS e
                   WHERE e.project_id = :project_id
                     AND e.received_at >= :since AND e.received_at < :until)
""")


class Counted(msgspec.Struct, frozen=True):
    """Events, and how many users they are of, as far as they tell."""

    events: int
    users: int


class Usual(msgspec.Struct, frozen=True):
    """What an issue had before a window."""

    first_seen: datetime
    events: int


async def busy_issues(
    conn: ReadConnection, project: Project, window: Window, *, least: int, limit: int
) -> list[uuid.UUID]:
    """Those issues that may have at least so many events within a window, the busiest first."""
    values = {
        "project_id": project.id,
        "since": window.since,
        "until": window.until,
        "least": least,
        "limit": limit,
    }
    return list((await conn.execute(_BUSY, values)).scalars())


async def count_found(
    conn: ReadConnection,
    project: Project,
    query: Node,
    window: Window,
    *,
    viewer: UserId,
    issue_ids: Sequence[uuid.UUID] | None,
) -> dict[uuid.UUID | None, Counted]:
    """
    Count the events within a window that a query finds.

    Args:
        conn: where to read.
        project: whose events.
        query: which of them.
        window: when they were received.
        viewer: who ``me`` is in the query.
        issue_ids: each of these is counted by itself, and those without events are absent; ``None`` =
            the project as a whole, under ``None``.

    Raises:
        SlowSearch: it takes too long.
    """
    latest = await latest_releases(conn, [project], query)
    made = Conditions("events", [project], viewer=viewer, latest=latest)
    source = "events AS e"
    if made.asks_about_issues(query):
        source += " JOIN issues AS i ON i.id = e.issue_id"
    of_issues = (
        "" if issue_ids is None else f"AND e.issue_id = ANY ({made.parameter(list(issue_ids))})"
    )
    group = "CAST(NULL AS uuid)" if issue_ids is None else "e.issue_id"
    async with limited_time(conn):
        result = await conn.execute(
            text(f"""
                SELECT {group} AS issue_id, count(*) AS events,
                       count(DISTINCT e.tags ->> 'user') AS users
                FROM (SELECT CAST({made.parameter(project.id)} AS uuid)) AS p (id), {source}
                WHERE e.project_id = p.id {of_issues}
                  AND e.received_at >= {made.parameter(window.since)}
                  AND e.received_at < {made.parameter(window.until)}
                  AND {made.condition(query)}
                GROUP BY 1
            """),
            made.values,
        )
    return {row.issue_id: Counted(row.events, row.users) for row in result}


async def count_project(conn: ReadConnection, project: Project, window: Window) -> int:
    """How many events a project had within a window, whatever they are."""
    full_since = min(_hour(window.since + _HOUR - timedelta(microseconds=1)), window.until)
    values = {
        "project_id": project.id,
        "since": window.since,
        "until": window.until,
        "full_since": full_since,
        "full_until": max(_hour(window.until), full_since),
    }
    return int((await conn.execute(_OF_PROJECT, values)).scalar_one())


async def usual_events(
    conn: ReadConnection, issue_ids: Sequence[uuid.UUID], window: Window
) -> dict[uuid.UUID, Usual]:
    """What issues had in the full hours of a window."""
    values = {"ids": list(issue_ids), "since": _hour(window.since), "until": _hour(window.until)}
    result = await conn.execute(_USUAL, values)
    return {row.id: Usual(row.first_seen, row.events) for row in result}


async def has_events(conn: ReadConnection, project: Project, window: Window) -> bool:
    """Whether anything came within a window."""
    values = {"project_id": project.id, "since": window.since, "until": window.until}
    return bool((await conn.execute(_ANY, values)).scalar_one())


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
