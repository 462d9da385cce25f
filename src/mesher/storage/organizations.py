"""Making organisations, their members, projects and keys."""

from __future__ import annotations

from sqlalchemy import text

from mesher.ids import OrgId, UserId
from mesher.storage.database import WriteConnection
from mesher.types import Project, Role

# Any constant does, as long as nothing else takes the same: "first run" in ASCII, as a number.
_FIRST_RUN_LOCK = 0x66697273

# Waits for another process that is about to make the first organisation.
_LOCK_FIRST_RUN = text("SELECT pg_advisory_xact_lock(:lock)")
_HAS_ORGANIZATION = text("SELECT EXISTS (SELECT FROM organizations)")

_INSERT_ORGANIZATION = text("""
    INSERT INTO organizations (name, slug) VALUES (:name, :slug) RETURNING id
""")

_INSERT_MEMBERSHIP = text("""
    INSERT INTO org_memberships (user_id, org_id, role) VALUES (:user_id, :org_id, :role)
""")

_INSERT_PROJECT = text(f"""
    INSERT INTO projects (org_id, name, slug) VALUES (:org_id, :name, :slug)
    RETURNING {", ".join(Project.__fields__())}
""")

_INSERT_KEY = text("""
    INSERT INTO api_keys (project_id, key_value) VALUES (:project_id, :key_value)
""")


async def lock_for_first_run(conn: WriteConnection) -> bool:
    """
    Whether there is no organisation yet; until the transaction ends, nobody else is told so.
    """
    await conn.execute(_LOCK_FIRST_RUN, {"lock": _FIRST_RUN_LOCK})
    return not (await conn.execute(_HAS_ORGANIZATION)).scalar_one()


async def insert_organization(conn: WriteConnection, *, name: str, slug: str) -> OrgId:
    """Make an organisation; the slug is not in use."""
    result = await conn.execute(_INSERT_ORGANIZATION, {"name": name, "slug": slug})
    return OrgId(result.scalar_one())


async def insert_membership(
    conn: WriteConnection, *, user_id: UserId, org_id: OrgId, role: Role
) -> None:
    """Make a user a member of an organisation."""
    await conn.execute(_INSERT_MEMBERSHIP, {"user_id": user_id, "org_id": org_id, "role": role})


async def insert_project(conn: WriteConnection, *, org_id: OrgId, name: str, slug: str) -> Project:
    """Make a project; the slug is not in use."""
    result = await conn.execute(_INSERT_PROJECT, {"org_id": org_id, "name": name, "slug": slug})
    return Project.from_row(result.mappings().one())


async def insert_key(conn: WriteConnection, project: Project, *, key_value: str) -> None:
    """Give a project a key to ingest with: ``mshr_`` and 32 hex digits."""
    await conn.execute(_INSERT_KEY, {"project_id": project.id, "key_value": key_value})
