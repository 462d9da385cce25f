"""The events of a project whatever their issue, as sentry-cli lists them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.storage.pages import Page, cut_page, decode_cursor
from mesher.types import Project

# A page of a project's events, latest first, by idx_events_project_received of one partition after
# the other; the condition on received_at alone is what leaves partitions out.
_LIST = """
    SELECT e.id, i.title, e.message, e.tags, e.user_context, e.received_at
    FROM events AS e JOIN issues AS i ON i.id = e.issue_id
    WHERE e.project_id = :project_id {after}
    ORDER BY e.received_at DESC, e.id DESC
    LIMIT :limit
"""
_LIST_FIRST = text(_LIST.format(after=""))
_LIST_AFTER = text(
    _LIST.format(
        after="""AND e.received_at <= :after_time
      AND (e.received_at, e.id) < (:after_time, :after_id)"""
    )
)


class ProjectEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event with the title of its issue."""

    id: uuid.UUID
    title: str
    message: str
    tags: dict[str, str]
    user_context: dict[str, Any] | None
    received_at: datetime


async def list_project_events(
    conn: ReadConnection, project: Project, *, limit: int, cursor: str | None
) -> Page[ProjectEvent]:
    """
    One page of a project's events, latest first.

    Raises:
        ProtocolError: the cursor is not one of this list.
    """
    values: dict[str, Any] = {"project_id": project.id, "limit": limit + 1}
    if cursor:
        values["after_time"], values["after_id"] = decode_cursor(cursor, tuple[datetime, uuid.UUID])
    result = await conn.execute(_LIST_AFTER if cursor else _LIST_FIRST, values)
    found = [msgspec.convert(row, ProjectEvent) for row in result.mappings()]
    return cut_page(found, limit, lambda event: (event.received_at, event.id))
