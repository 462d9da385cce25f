"""Stored attachments: the list of an event's, and the bytes of one."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.types import Project

# The attachments of one event, by idx_attachments_event; their bytes stay where they are.
_LIST = text("""
    SELECT id, event_id, name, content_type, attachment_type, size_bytes, received_at
    FROM attachments
    WHERE project_id = :project_id AND event_id = :event_id
    ORDER BY received_at, name, id
""")

# One attachment with its bytes, by primary key.
_FIND = text("""
    SELECT name, data FROM attachments
    WHERE id = :id AND project_id = :project_id AND event_id = :event_id
""")


class AttachmentSummary(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment as a list shows it."""

    id: uuid.UUID
    event_id: uuid.UUID
    name: str
    content_type: str  # as the client said it; nothing here believes it
    attachment_type: str
    size_bytes: int
    received_at: datetime


class AttachmentFile(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment's bytes and the name to save them under."""

    name: str
    data: bytes


async def list_attachments(
    conn: ReadConnection, project: Project, event_id: uuid.UUID
) -> list[AttachmentSummary]:
    """The attachments of an event, in the order they came in."""
    rows = await conn.execute(_LIST, {"project_id": project.id, "event_id": event_id})
    return [msgspec.convert(row, AttachmentSummary) for row in rows.mappings()]


async def find_attachment(
    conn: ReadConnection, project: Project, event_id: uuid.UUID, attachment_id: uuid.UUID
) -> AttachmentFile | None:
    """One attachment of an event with its bytes."""
    values = {"id": attachment_id, "project_id": project.id, "event_id": event_id}
    row = (await conn.execute(_FIND, values)).one_or_none()
    return AttachmentFile(name=row.name, data=bytes(row.data)) if row else None
