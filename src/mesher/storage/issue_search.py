"""
Lists of issues: those of some projects that a query finds, in an order, page by page.

What a query asks of events is asked of those within a window of time, so that it reads some partitions
and not all.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import text

from mesher.ids import UserId
from mesher.search.tree import And, Node
from mesher.storage.database import ReadConnection
from mesher.storage.latest_releases import latest_releases
from mesher.storage.pages import Page, cut_page, decode_cursor
from mesher.storage.search_conditions import Conditions
from mesher.storage.search_time import limited_time
from mesher.storage.window import Window
from mesher.types import Issue, Project

IssueSort = Literal["last_seen", "first_seen", "events"]

_COLUMNS = ", ".join(f"i.{name}" for name in Issue.__fields__())


class _Order(NamedTuple):
    column: str
    cursor_type: Any  # of the cursor: name of the sort, value and id of the page's last row


# Each is read off an index of its own: idx_issues_project_last_seen, …_first_seen, …_events.
_ORDERS: dict[IssueSort, _Order] = {
    "last_seen": _Order("last_seen", tuple[Literal["last_seen"], datetime, uuid.UUID]),
    "first_seen": _Order("first_seen", tuple[Literal["first_seen"], datetime, uuid.UUID]),
    "events": _Order("event_count", tuple[Literal["events"], int, uuid.UUID]),
}

# Those without issues are left out by the index first (which the order takes): where few projects have
# nearly all issues, PostgreSQL takes each for a large one, and would read the whole table for an empty one.
_PROJECTS = """
                unnest(CAST(:project_ids AS uuid[])) AS p (id),
                LATERAL (
                    SELECT FROM issues AS o WHERE o.project_id = p.id ORDER BY o.last_seen DESC LIMIT 1
                ) AS has_issues
"""


async def search_issues(
    conn: ReadConnection,
    projects: Sequence[Project],
    query: Node,
    window: Window,
    *,
    viewer: UserId,
    sort: IssueSort,
    limit: int,
    cursor: str | None,
) -> Page[Issue]:
    """
    One page of the issues that a query finds, the latest or largest first.

    Args:
        conn: where to read.
        projects: whose issues.
        query: which of them.
        window: of the events that the query asks about.
        viewer: who ``me`` is.
        sort: what the order is by.
        limit: the length of the page.
        cursor: of the page before; ``None`` = the first page.

    Raises:
        ProtocolError: the cursor is not one of a list with this sort, or the search takes too long.
    """
    if not projects:
        return Page([])
    order = _ORDERS[sort]
    latest = await latest_releases(conn, projects, query)
    made = Conditions("issues", projects, viewer=viewer, latest=latest)
    conditions, values = _issue_conditions(query, window, made)
    if cursor:
        conditions.append(f"(i.{order.column}, i.id) < (:after_value, :after_id)")
        _, values["after_value"], values["after_id"] = decode_cursor(cursor, order.cursor_type)
    async with limited_time(conn):
        result = await conn.execute(
            text(f"""
                SELECT i.*
                FROM {_PROJECTS},
                LATERAL (
                    SELECT {_COLUMNS}
                    FROM issues AS i
                    WHERE {" AND ".join(conditions)}
                    ORDER BY i.{order.column} DESC, i.id DESC
                    LIMIT :limit
                ) AS i
                ORDER BY i.{order.column} DESC, i.id DESC
                LIMIT :limit
            """),
            {**values, "limit": limit + 1, "project_ids": [one.id for one in projects]},
        )
    issues = [Issue.from_row(row) for row in result.mappings()]
    return cut_page(issues, limit, lambda issue: (sort, getattr(issue, order.column), issue.id))


async def find_issue_ids(
    conn: ReadConnection,
    projects: Sequence[Project],
    query: Node,
    window: Window,
    *,
    viewer: UserId,
    limit: int,
) -> list[uuid.UUID]:
    """
    The ids of the issues that a query finds, in the order of ids, at most ``limit`` of them.

    Raises:
        ProtocolError: the search takes too long.
    """
    if not projects:
        return []
    latest = await latest_releases(conn, projects, query)
    made = Conditions("issues", projects, viewer=viewer, latest=latest)
    conditions, values = _issue_conditions(query, window, made)
    async with limited_time(conn):
        result = await conn.execute(
            text(f"""
                SELECT i.id
                FROM {_PROJECTS},
                LATERAL (
                    SELECT i.id FROM issues AS i
                    WHERE {" AND ".join(conditions)} ORDER BY i.id LIMIT :limit
                ) AS i
                ORDER BY i.id LIMIT :limit
            """),
            {**values, "limit": limit, "project_ids": [one.id for one in projects]},
        )
    return list(result.scalars())


def _issue_conditions(
    query: Node, window: Window, made: Conditions
) -> tuple[list[str], dict[str, Any]]:
    """The conditions on an issue ``i`` of a project ``p`` that all have to hold, and their values."""
    asked = _parts(query)
    of_events = tuple(node for node in asked if made.asks_about_events(node))
    conditions = [
        "i.project_id = p.id",
        *(made.condition(node) for node in asked if node not in of_events),
    ]
    if of_events:  # all of one event, by idx_events_issue_received or idx_events_tags
        conditions.append(
            f"""EXISTS (
                SELECT FROM events AS e
                WHERE e.issue_id = i.id
                  AND e.received_at >= {made.parameter(window.since)}
                  AND e.received_at < {made.parameter(window.until)}
                  AND {made.condition(And(of_events))}
            )"""
        )
    return conditions, made.values


def _parts(node: Node) -> tuple[Node, ...]:
    """What has to hold all together."""
    if not isinstance(node, And):
        return (node,)
    return tuple(part for inner in node.nodes for part in _parts(inner))
