"""How much came, by hour or day: of projects by level, and of an issue."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.storage.window import Window
from mesher.types import Issue, Project

Unit = Literal["hour", "day"]

# Every hour or day that the window touches, also one in which nothing came.
_UNITS = """
    SELECT generate_series(
        date_trunc(:unit, CAST(:since AS timestamptz), :zone),
        CAST(:until AS timestamptz) - interval '1 microsecond',
        CASE :unit WHEN 'hour' THEN interval '1 hour' ELSE interval '1 day' END,
        :zone
    ) AS begin
"""

# By project_counts_pkey.
_VOLUME = text(f"""
    SELECT u.begin, coalesce(jsonb_object_agg(c.level, c.events)
                             FILTER (WHERE c.level IS NOT NULL), '{{}}') AS levels
    FROM ({_UNITS}) AS u LEFT JOIN (
        SELECT date_trunc(:unit, hour, :zone) AS begin, level, sum(events)::bigint AS events
        FROM project_counts
        WHERE project_id = ANY(:project_ids) AND hour < :until
          AND hour >= date_trunc(:unit, CAST(:since AS timestamptz), :zone)
        GROUP BY 1, 2
    ) AS c USING (begin)
    GROUP BY 1 ORDER BY 1
""")

# By issue_counts_pkey.
_TIMELINE = text(f"""
    SELECT u.begin, coalesce(sum(c.events), 0)::bigint AS events
    FROM ({_UNITS}) AS u LEFT JOIN issue_counts AS c
        ON c.issue_id = :issue_id AND date_trunc(:unit, c.hour, :zone) = u.begin
        AND c.hour < :until
    GROUP BY 1 ORDER BY 1
""")


# By project_counts_pkey.
_BY_PROJECT = text("""
    SELECT project_id, sum(events)::bigint AS events FROM project_counts
    WHERE project_id = ANY (:project_ids) AND hour < :until
      AND hour >= date_trunc('hour', CAST(:since AS timestamptz), 'UTC')
    GROUP BY 1
""")


class VolumePoint(msgspec.Struct, frozen=True):
    """What came in one hour or day."""

    begin: datetime
    events: int
    levels: dict[str, int]


class TimelinePoint(msgspec.Struct, frozen=True):
    """How many events an issue had in one hour or day."""

    begin: datetime
    events: int


async def list_volume(
    conn: ReadConnection, projects: Sequence[Project], window: Window, unit: Unit, zone: str
) -> list[VolumePoint]:
    """What came in projects in each hour or day of a time zone, the oldest first."""
    values = {**_values(window, unit, zone), "project_ids": [project.id for project in projects]}
    return [
        VolumePoint(row.begin, sum(row.levels.values()), row.levels)
        for row in await conn.execute(_VOLUME, values)
    ]


async def events_by_project(
    conn: ReadConnection, projects: Sequence[Project], window: Window
) -> dict[uuid.UUID, int]:
    """How many events each project had in the full hours that a window touches; without those that had none."""
    values = {
        "project_ids": [project.id for project in projects],
        "since": window.since,
        "until": window.until,
    }
    return {row.project_id: row.events for row in await conn.execute(_BY_PROJECT, values)}


async def list_timeline(
    conn: ReadConnection, issue: Issue, window: Window, unit: Unit, zone: str
) -> list[TimelinePoint]:
    """How many events an issue had in each hour or day of a time zone, the oldest first."""
    values = {**_values(window, unit, zone), "issue_id": issue.id}
    return [TimelinePoint(*row) for row in await conn.execute(_TIMELINE, values)]


def _values(window: Window, unit: Unit, zone: str) -> dict[str, object]:
    return {"since": window.since, "until": window.until, "unit": unit, "zone": zone}
