"""
Which tags events have, with which values and how often: of an issue, or of a project.

Counted in the latest events alone, and that is said: all of a large issue would take seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.types import Issue, Project

# A tenth of a second: a dozen tags each.
EXAMINED_EVENTS = 2000
# Of each key where all keys are shown, and of one that is shown alone.
TOP_VALUES = 10
MAX_VALUES = 100
# What an event has at most is in protocol/limits.py; a page of an issue shows some dozens.
MAX_KEYS = 200

# By idx_events_issue_received and idx_events_project_received, of one partition after the other.
_LATEST_OF_ISSUE = "SELECT e.tags, e.received_at FROM events AS e WHERE e.issue_id = :id"
_LATEST_OF_PROJECT = "SELECT e.tags, e.received_at FROM events AS e WHERE e.project_id = :id"
_COUNT = """
    WITH latest AS MATERIALIZED (
        {latest} ORDER BY e.received_at DESC LIMIT :examined
    ),
    counted AS (
        SELECT tag.key, tag.value, count(*) AS events,
               min(received_at) AS first_seen, max(received_at) AS last_seen
        FROM latest CROSS JOIN LATERAL jsonb_each_text(latest.tags) AS tag
        WHERE CAST(:key AS text) IS NULL OR tag.key = :key
        GROUP BY 1, 2
    ),
    ranked AS (
        SELECT *, row_number() OVER (PARTITION BY key ORDER BY events DESC, value) AS place,
               sum(events) OVER (PARTITION BY key) AS with_key,
               count(*) OVER (PARTITION BY key) AS distinct_values
        FROM counted
    )
    SELECT (SELECT count(*) FROM latest) AS examined, ranked.*
    FROM (SELECT) AS always LEFT JOIN ranked ON place <= :top
    ORDER BY with_key DESC, key, place
"""


class TagValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value of a tag."""

    value: str
    events: int  # of those examined
    first_seen: datetime  # among those
    last_seen: datetime


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag with its most usual values."""

    key: str
    events: int  # of those examined, which have it
    distinct_values: int
    values: list[TagValue]  # the most usual first


class TagCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The tags of the latest events."""

    events_examined: int
    tags: list[Tag]  # that of most events first


async def count_issue_tags(conn: ReadConnection, issue: Issue, key: str | None = None) -> TagCounts:
    """The tags of an issue's latest events, each with some values; or one of them with many."""
    return await _count(conn, _LATEST_OF_ISSUE, {"id": issue.id}, key)


async def count_project_tags(
    conn: ReadConnection, project: Project, key: str | None = None
) -> TagCounts:
    """The same of a project's latest events."""
    return await _count(conn, _LATEST_OF_PROJECT, {"id": project.id}, key)


async def _count(
    conn: ReadConnection, latest: str, values: Mapping[str, Any], key: str | None
) -> TagCounts:
    result = await conn.execute(
        text(_COUNT.format(latest=latest)),
        {
            **values,
            "examined": EXAMINED_EVENTS,
            "key": None if key is None else key.replace("\0", ""),
            "top": TOP_VALUES if key is None else MAX_VALUES,
        },
    )
    rows = result.all()
    found: dict[str, Tag] = {}
    for row in rows:
        if row.key is None:  # no event examined has any tag
            continue
        tag = found.setdefault(
            row.key,
            Tag(
                key=row.key,
                events=int(row.with_key),
                distinct_values=row.distinct_values,
                values=[],
            ),
        )
        tag.values.append(
            TagValue(
                value=row.value,
                events=row.events,
                first_seen=row.first_seen,
                last_seen=row.last_seen,
            )
        )
    return TagCounts(events_examined=rows[0].examined, tags=list(found.values())[:MAX_KEYS])
