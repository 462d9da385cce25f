"""Lists of events: those of some projects that a query finds, the latest first, page by page."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.ids import UserId
from mesher.search.tree import Node
from mesher.storage.database import ReadConnection
from mesher.storage.events import EventSummary
from mesher.storage.latest_releases import latest_releases
from mesher.storage.pages import Page, cut_page, decode_cursor
from mesher.storage.search_conditions import Conditions
from mesher.storage.search_time import limited_time
from mesher.storage.window import Window
from mesher.types import Project


async def search_events(
    conn: ReadConnection,
    projects: Sequence[Project],
    query: Node,
    window: Window,
    *,
    viewer: UserId,
    limit: int,
    cursor: str | None,
) -> Page[EventSummary]:
    """
    One page of the events that a query finds, the latest first; by idx_events_project_received.

    Raises:
        ProtocolError: the cursor is not one of this list, or the search takes too long.
    """
    if not projects:
        return Page([])
    latest = await latest_releases(conn, projects, query)
    made = Conditions("events", projects, viewer=viewer, latest=latest)
    since, until = made.parameter(window.since), made.parameter(window.until)
    rows = made.parameter(limit + 1)
    after = ""
    if cursor:
        after_time, after_id = decode_cursor(cursor, tuple[datetime, uuid.UUID])
        moment = made.parameter(after_time)
        # The condition on received_at alone is what leaves partitions out.
        after = f"""AND e.received_at <= {moment}
                  AND (e.received_at, e.id) < ({moment}, {made.parameter(after_id)})"""
    source = "events AS e"
    if made.asks_about_issues(query):
        source += " JOIN issues AS i ON i.id = e.issue_id"
    async with limited_time(conn):
        result = await conn.execute(
            # The latest of each project, read off the index, then the latest of these. Projects without
            # events are passed over: PostgreSQL takes each for the usual one, and would look for its
            # events in indexes that hold those of all. In order, since that takes the index: in any order
            # the first of many is expected soon, and all events are read for a project without.
            text(f"""
                SELECT found.*
                FROM unnest(CAST({made.parameter([one.id for one in projects])} AS uuid[])) AS p (id),
                LATERAL (
                    SELECT FROM events AS e
                    WHERE e.project_id = p.id AND e.received_at >= {since} AND e.received_at < {until}
                    ORDER BY e.received_at DESC
                    LIMIT 1
                ) AS has_events,
                LATERAL (
                    SELECT e.id, e.project_id, e.issue_id, e.level, e.message, e.tags,
                           e.user_context, e.sdk_name, e.sdk_version, e.received_at
                    FROM {source}
                    WHERE e.project_id = p.id
                      AND e.received_at >= {since} AND e.received_at < {until}
                      AND {made.condition(query)} {after}
                    ORDER BY e.received_at DESC, e.id DESC
                    LIMIT {rows}
                ) AS found
                ORDER BY found.received_at DESC, found.id DESC
                LIMIT {rows}
            """),
            made.values,
        )
    events = [msgspec.convert(row, EventSummary) for row in result.mappings()]
    return cut_page(events, limit, lambda event: (event.received_at, event.id))
