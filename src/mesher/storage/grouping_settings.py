"""The grouping rules of a project, read to be shown and written when they are changed."""

from __future__ import annotations

from sqlalchemy import text

from mesher.storage.database import ReadConnection, WriteConnection
from mesher.types import Issue, Project

# By primary key.
_READ = text("SELECT grouping_rules FROM projects WHERE id = :id")
_WRITE = text("UPDATE projects SET grouping_rules = :rules WHERE id = :id")


async def read_grouping_rules(conn: ReadConnection, owner: Project | Issue) -> str:
    """
    The text of the rules of a project, or of the project that an issue belongs to; empty where it
    has none.
    """
    project_id = owner.id if isinstance(owner, Project) else owner.project_id
    return (await conn.execute(_READ, {"id": project_id})).scalar_one_or_none() or ""


async def write_grouping_rules(conn: WriteConnection, project: Project, rules: str) -> None:
    """Keep a text of rules that was found to be without errors; digest reads it within seconds."""
    await conn.execute(_WRITE, {"id": project.id, "rules": rules})
