"""The latest check-in of each monitor of a project, in each environment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.types import Project

# By monitors_pkey, and for each environment by idx_check_ins_monitor.
_LIST = text("""
    SELECT DISTINCT ON (m.slug, c.environment)
           m.slug, m.config, c.environment, c.status, c.started_at, c.received_at
    FROM monitors AS m JOIN check_ins AS c ON c.project_id = m.project_id AND c.slug = m.slug
    WHERE m.project_id = :project_id
      AND (CAST(:slug AS text) IS NULL OR m.slug = :slug)
    ORDER BY m.slug, c.environment, c.started_at DESC
""")


# The latest runs of one monitor, backwards by idx_check_ins_monitor.
_RUNS = text("""
    SELECT status, environment, release, started_at, received_at, duration_seconds
    FROM check_ins WHERE project_id = :project_id AND slug = :slug
    ORDER BY started_at DESC LIMIT :limit
""")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a monitor."""

    status: str  # ok, error, in_progress
    environment: str
    release: str
    started_at: datetime
    received_at: datetime
    duration_seconds: float | None


class LastCheckIn(msgspec.Struct, frozen=True, kw_only=True):
    """A monitor in an environment, and how its latest run went."""

    slug: str
    config: dict[str, Any] | None  # schedule and margins, as the SDK sent them
    environment: str
    status: str  # ok, error, in_progress
    started_at: datetime
    received_at: datetime  # of the latest report of the run


async def list_last_check_ins(
    conn: ReadConnection, project: Project, slug: str | None
) -> list[LastCheckIn]:
    """The latest runs of a project's monitors, or of the one with this slug."""
    result = await conn.execute(_LIST, {"project_id": project.id, "slug": slug})
    return [msgspec.convert(row, LastCheckIn) for row in result.mappings()]


async def list_runs(conn: ReadConnection, project: Project, slug: str, *, limit: int) -> list[Run]:
    """The latest runs of a monitor in any environment, the latest first."""
    result = await conn.execute(
        _RUNS, {"project_id": project.id, "slug": slug.replace("\0", ""), "limit": limit}
    )
    return [msgspec.convert(row, Run) for row in result.mappings()]
