"""The ledger as people read it: what was received in a project, and what became of it."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.types import Project

# A project's hours, latest first; by primary key (project_id, hour, ...).
_LIST = text("""
    SELECT hour, category, outcome, reason, quantity
    FROM outcomes
    WHERE project_id = :project_id AND hour >= :since
    ORDER BY hour DESC, category, outcome, reason
""")


class OutcomeCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many items of a category had an outcome within an hour."""

    hour: datetime
    category: str
    outcome: str  # accepted, stored, dropped; client_discarded: never sent, says the SDK
    reason: str  # why dropped or discarded; empty otherwise
    quantity: int


async def list_outcomes(
    conn: ReadConnection, project: Project, *, since: datetime
) -> list[OutcomeCount]:
    """The ledger of a project, from the hour that ``since`` begins."""
    result = await conn.execute(_LIST, {"project_id": project.id, "since": since})
    return [msgspec.convert(row, OutcomeCount) for row in result.mappings()]
