"""Organisations: as a viewer sees them, and making them with members and projects."""

from __future__ import annotations

from sqlalchemy import text

from mesher.ids import OrgId, UserId, parse_uuid
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.viewer import SEES_ORGANIZATION, Viewer
from mesher.types import Organization, Project, Role

_COLUMNS = ", ".join(f"o.{name}" for name in Organization.__fields__())

# Any constant does, as long as nothing else takes the same: "first run" in ASCII, as a number.
_FIRST_RUN_LOCK = 0x66697273

# Waits for another process that is about to make the first organisation.
_LOCK_FIRST_RUN = text("SELECT pg_advisory_xact_lock(:lock)")
_HAS_ORGANIZATION = text("SELECT EXISTS (SELECT FROM organizations)")

# The organisation with this uuid or slug, by primary key or unique index, if the viewer sees it.
_FIND_BY_ID = text(f"""
    SELECT {_COLUMNS} FROM organizations AS o WHERE o.id = :id AND {SEES_ORGANIZATION}
""")
_FIND_BY_SLUG = text(f"""
    SELECT {_COLUMNS} FROM organizations AS o WHERE o.slug = :slug AND {SEES_ORGANIZATION}
""")

# A viewer's organisations; people are members of a few.
_LIST = text(f"""
    SELECT {_COLUMNS} FROM organizations AS o WHERE {SEES_ORGANIZATION}
    ORDER BY o.created_at, o.id
    LIMIT :limit
""")

_INSERT_ORGANIZATION = text("""
    INSERT INTO organizations (name, slug) VALUES (:name, :slug) RETURNING id
""")

_LIST_ALL = text(f"""
    SELECT {_COLUMNS} FROM organizations AS o
    WHERE NOT EXISTS (SELECT FROM removals AS r WHERE r.subject_id = o.id)
    ORDER BY o.created_at, o.id
""")

# Who owns an organisation, the first one of several; by idx_org_memberships_org.
_FIND_OWNER = text("""
    SELECT m.user_id FROM org_memberships AS m
    WHERE m.org_id = :org_id AND m.role = 'owner'
    ORDER BY m.joined_at, m.id
    LIMIT 1
""")

_INSERT_MEMBERSHIP = text("""
    INSERT INTO org_memberships (user_id, org_id, role) VALUES (:user_id, :org_id, :role)
""")

_INSERT_PROJECT = text(f"""
    INSERT INTO projects (org_id, name, slug) VALUES (:org_id, :name, :slug)
    RETURNING {", ".join(Project.__fields__())}
""")


async def find_organization(
    conn: ReadConnection, viewer: Viewer, reference: str
) -> Organization | None:
    """The organisation with this uuid or slug, if the viewer sees it."""
    # PostgreSQL refuses NUL characters, so no slug has one.
    if "\0" in reference:
        return None
    org_id = parse_uuid(reference)
    result = await conn.execute(
        _FIND_BY_SLUG if org_id is None else _FIND_BY_ID,
        {**viewer.as_parameters(), "id": org_id, "slug": reference},
    )
    row = result.mappings().one_or_none()
    return Organization.from_row(row) if row else None


async def list_organizations(
    conn: ReadConnection, viewer: Viewer, *, limit: int
) -> list[Organization]:
    """The organisations that the viewer sees, oldest first."""
    result = await conn.execute(_LIST, {**viewer.as_parameters(), "limit": limit})
    return [Organization.from_row(row) for row in result.mappings()]


async def list_all(conn: ReadConnection) -> list[Organization]:
    """Every organisation, oldest first; for the operator of this Mesher, not for a tenant."""
    return [Organization.from_row(row) for row in (await conn.execute(_LIST_ALL)).mappings()]


async def find_owner(conn: ReadConnection, org_id: OrgId) -> UserId | None:
    """Who has owned an organisation longest; ``None`` where nobody does."""
    user_id = (await conn.execute(_FIND_OWNER, {"org_id": org_id})).scalar_one_or_none()
    return UserId(user_id) if user_id else None


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
