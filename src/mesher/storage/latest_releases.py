"""What ``release:latest`` stands for, read before a search, so that the search can use indexes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import text

from mesher.search.tree import And, InLatestRelease, Node, Not, Or
from mesher.storage.database import ReadConnection
from mesher.types import Project

# The newest release of each project, by release_projects_pkey and the releases' own.
_LATEST = text("""
    SELECT DISTINCT ON (rp.project_id) rp.project_id, r.version
    FROM release_projects AS rp JOIN releases AS r ON r.id = rp.release_id
    WHERE rp.project_id = ANY(:project_ids)
    ORDER BY rp.project_id, r.created_at DESC, r.id DESC
""")


async def latest_releases(
    conn: ReadConnection, projects: Sequence[Project], query: Node
) -> Mapping[uuid.UUID, str]:
    """The newest release of each project that has any; nothing where the query does not ask for it."""
    if not _asks_for_latest(query):
        return {}
    result = await conn.execute(_LATEST, {"project_ids": [project.id for project in projects]})
    return {row.project_id: row.version for row in result}


def _asks_for_latest(node: Node) -> bool:
    match node:
        case And(nodes) | Or(nodes):
            return any(map(_asks_for_latest, nodes))
        case Not(inner):
            return _asks_for_latest(inner)
    return isinstance(node, InLatestRelease)
