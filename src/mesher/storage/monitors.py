"""Jobs that report in."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.storage.viewer import SEES_PROJECT, Viewer
from mesher.types import Organization

# The monitors of an organisation's projects that the viewer sees, by monitors_pkey.
_LIST = text(f"""
    SELECT m.project_id, m.slug, m.created_at
    FROM projects AS p JOIN monitors AS m ON m.project_id = p.id
    WHERE p.org_id = :org_id AND {SEES_PROJECT}
    ORDER BY m.slug, m.project_id
    LIMIT :limit
""")


class Monitor(msgspec.Struct, frozen=True, kw_only=True):
    """A job of a project."""

    project_id: uuid.UUID
    slug: str
    created_at: datetime


async def list_monitors(
    conn: ReadConnection, viewer: Viewer, organization: Organization, *, limit: int
) -> list[Monitor]:
    """The monitors that the viewer sees, in the order of their slugs."""
    values = {**viewer.as_parameters(), "org_id": organization.id, "limit": limit}
    result = await conn.execute(_LIST, values)
    return [msgspec.convert(row, Monitor) for row in result.mappings()]
