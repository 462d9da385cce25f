"""How many events issues had within a window, and when: by the full hours that it touches."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.storage.window import Window

# By the primary key of issue_counts; an hour that begins before the window counts with its beginning.
# In floats: a page may read ten thousand hours, and extract() would take twice as long, in numerics.
# A row for each issue: with one for each part, reading the rows would take longer than the statement.
_COUNT = text("""
    SELECT issue_id, array_agg(bucket) AS buckets, array_agg(events) AS events
    FROM (
        SELECT c.issue_id,
               width_bucket(date_part('epoch', greatest(c.hour, CAST(:since AS timestamptz))),
                            date_part('epoch', CAST(:since AS timestamptz)),
                            date_part('epoch', CAST(:until AS timestamptz)), :buckets) AS bucket,
               sum(c.events)::bigint AS events
        FROM issue_counts AS c
        WHERE c.issue_id = ANY(:issue_ids) AND c.hour < :until
          AND c.hour >= date_trunc('hour', CAST(:since AS timestamptz), 'UTC')
        GROUP BY 1, 2
    ) AS counted
    GROUP BY 1
""")


class WindowCount(msgspec.Struct, frozen=True):
    """The events of an issue within a window."""

    events: int
    buckets: list[int]  # of equal length, the oldest first


async def counts_of_issues(
    conn: ReadConnection, issue_ids: Sequence[uuid.UUID], window: Window, *, buckets: int
) -> Mapping[uuid.UUID, WindowCount]:
    """The counts of each issue; those without events have zeros."""
    series = {issue_id: [0] * buckets for issue_id in issue_ids}
    if issue_ids:
        values = {
            "issue_ids": list(issue_ids),
            "since": window.since,
            "until": window.until,
            "buckets": buckets,
        }
        for row in await conn.execute(_COUNT, values):
            counts = series[row.issue_id]
            for bucket, events in zip(row.buckets, row.events, strict=True):
                counts[bucket - 1] = events
    return {issue_id: WindowCount(sum(counts), counts) for issue_id, counts in series.items()}
