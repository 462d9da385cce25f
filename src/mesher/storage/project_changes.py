"""Making, changing and deleting projects; the data of a deleted one follows (``removals``)."""

from __future__ import annotations

import sqlalchemy.exc
from sqlalchemy import text

from mesher.errors import Conflict
from mesher.ids import OrgId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.types import Project, RetentionSettings

_COLUMNS = ", ".join(f"p.{name}" for name in Project.__fields__())
_RETENTION_COLUMNS = ", ".join(f"p.{name}" for name in RetentionSettings.__fields__())

# Nothing where the slug is taken, by idx_projects_slug.
_INSERT_IF_FREE = text(f"""
    INSERT INTO projects AS p (org_id, name, slug, platform)
    VALUES (:org_id, :name, :slug, :platform)
    ON CONFLICT DO NOTHING
    RETURNING {_COLUMNS}
""")

# By idx_projects_org.
_COUNT = text("SELECT count(*) FROM projects WHERE org_id = :org_id")

# By primary key, for a change of it; NO KEY, so that digest's rows which refer to it do not wait.
_LOCK = text(f"SELECT {_COLUMNS} FROM projects AS p WHERE p.id = :id FOR NO KEY UPDATE")
_UPDATE = text(f"""
    UPDATE projects AS p SET name = :name, slug = :slug, platform = :platform WHERE p.id = :id
    RETURNING {_COLUMNS}
""")

_READ_RETENTION = text(f"SELECT {_RETENTION_COLUMNS} FROM projects AS p WHERE p.id = :id")
_LOCK_RETENTION = text(f"{_READ_RETENTION.text} FOR NO KEY UPDATE")
_WRITE_RETENTION = text("""
    UPDATE projects SET retention_days = :retention_days, sample_rate = :sample_rate WHERE id = :id
""")

# What has a foreign key to it goes along: keys, rules, tokens for it, rows about uploads; thousands
# at most, by their indexes. Issues, events and the rest have none.
_DELETE = text("DELETE FROM projects WHERE id = :id")
_REMOVE_LATER = text("""
    INSERT INTO removals (subject_id, kind, org_id) VALUES (:id, 'project', :org_id)
    ON CONFLICT DO NOTHING
""")


async def insert_project_if_free(
    conn: WriteConnection, *, org_id: OrgId, name: str, slug: str, platform: str | None
) -> Project | None:
    """Make a project; ``None`` where the slug is taken, here or in another organisation."""
    values = {"org_id": org_id, "name": name, "slug": slug, "platform": platform}
    row = (await conn.execute(_INSERT_IF_FREE, values)).mappings().one_or_none()
    return Project.from_row(row) if row else None


async def count_projects(conn: ReadConnection, org_id: OrgId) -> int:
    """How many projects an organisation has."""
    return int((await conn.execute(_COUNT, {"org_id": org_id})).scalar_one())


async def lock_project(conn: WriteConnection, project: Project) -> Project | None:
    """The project as it is now, for a change of it; ``None`` where it was deleted meanwhile."""
    row = (await conn.execute(_LOCK, {"id": project.id})).mappings().one_or_none()
    return Project.from_row(row) if row else None


async def update_project(
    conn: WriteConnection,
    project: Project,
    *,
    name: str,
    slug: str | None,
    platform: str | None,
) -> Project:
    """
    Change what a project is called.

    Raises:
        Conflict: the slug is taken.
    """
    values = {"id": project.id, "name": name, "slug": slug, "platform": platform}
    try:
        result = await conn.execute(_UPDATE, values)
    except sqlalchemy.exc.IntegrityError as error:
        raise Conflict(f"the slug {slug!r} is taken", hint="choose another") from error
    return Project.from_row(result.mappings().one())


async def read_retention(
    conn: ReadConnection, project: Project, *, to_change: bool = False
) -> RetentionSettings:
    """How long a project's events are kept, and which share; with ``to_change`` others wait."""
    statement = _LOCK_RETENTION if to_change else _READ_RETENTION
    result = await conn.execute(statement, {"id": project.id})
    return RetentionSettings.from_row(result.mappings().one())


async def write_retention(
    conn: WriteConnection, project: Project, *, retention_days: int, sample_rate: float
) -> None:
    """Keep both; retention reads them every hour, receive within seconds."""
    values = {"id": project.id, "retention_days": retention_days, "sample_rate": sample_rate}
    await conn.execute(_WRITE_RETENTION, values)


async def delete_project(conn: WriteConnection, project: Project) -> None:
    """Let a project be no more: nobody sees it, its keys are gone; its data is removed by the job."""
    await conn.execute(_REMOVE_LATER, {"id": project.id, "org_id": project.org_id})
    await conn.execute(_DELETE, {"id": project.id})
