"""Stored feedback."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.types import Project

# What was written about one event, by idx_user_feedback_event.
_LIST = text("""
    SELECT id, event_id, name, email, comments, url, received_at FROM user_feedback
    WHERE project_id = :project_id AND event_id = :event_id
    ORDER BY received_at DESC, id
    LIMIT :limit
""")
# An answer's length; an event that more people write about needs no more to be noticed.
MAX_LISTED = 100


class UserFeedback(msgspec.Struct, frozen=True, kw_only=True):
    """What one person wrote; every text is theirs, unverified."""

    id: uuid.UUID
    event_id: uuid.UUID
    name: str
    email: str
    comments: str
    url: str
    received_at: datetime


async def list_feedback(
    conn: ReadConnection, project: Project, event_id: uuid.UUID
) -> list[UserFeedback]:
    """What was written about an event, the latest first, at most ``MAX_LISTED``."""
    values = {"project_id": project.id, "event_id": event_id, "limit": MAX_LISTED}
    rows = await conn.execute(_LIST, values)
    return [msgspec.convert(row, UserFeedback) for row in rows.mappings()]
