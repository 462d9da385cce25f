"""Projects as a viewer sees them, and the keys of one."""

from __future__ import annotations

from sqlalchemy import text

from mesher.ids import OrgId, parse_uuid
from mesher.storage.database import ReadConnection
from mesher.storage.pages import Page, cut_page, decode_cursor
from mesher.storage.releases import Release
from mesher.storage.viewer import SEES_PROJECT, Viewer
from mesher.types import ApiKey, Organization, Project

# Of one organisation. Every web process has all keys in memory and reads them each second, and each
# project is an array's element in every search over all.
MAX_PROJECTS = 1000

_COLUMNS = ", ".join(f"p.{name}" for name in Project.__fields__())
_KEY_COLUMNS = ", ".join(f"k.{name}" for name in ApiKey.__fields__())

# The project with this uuid, by primary key, if the viewer sees it.
_FIND_BY_ID = text(f"SELECT {_COLUMNS} FROM projects AS p WHERE p.id = :id AND {SEES_PROJECT}")

# The same with a slug, by idx_projects_slug.
_FIND_BY_SLUG = text(
    f"SELECT {_COLUMNS} FROM projects AS p WHERE p.slug = :slug AND {SEES_PROJECT}"
)

# The same with a number, by projects_number_key: sentry-cli takes both for a project.
_FIND_BY_NUMBER = text(
    f"SELECT {_COLUMNS} FROM projects AS p WHERE p.number = :number AND {SEES_PROJECT}"
)

# A viewer's projects, oldest first, by projects_number_key.
_LIST = text(f"""
    SELECT {_COLUMNS}
    FROM projects AS p
    WHERE p.number > :after AND {SEES_PROJECT}
    ORDER BY p.number
    LIMIT :limit
""")

# A viewer's projects in one organisation, by idx_projects_org.
_LIST_SEEN_OF_ORGANIZATION = text(f"""
    SELECT {_COLUMNS}
    FROM projects AS p
    WHERE p.org_id = :org_id AND {SEES_PROJECT}
    ORDER BY p.number
    LIMIT :limit
""")

# Any project by its uuid or slug, by primary key or idx_projects_slug.
_FIND_ANY = text(f"SELECT {_COLUMNS} FROM projects AS p WHERE p.id = :id OR p.slug = :slug")

# All of an organisation, by idx_projects_org.
_LIST_OF_ORGANIZATION = text(f"""
    SELECT {_COLUMNS} FROM projects AS p WHERE p.org_id = :org_id ORDER BY p.number
""")

# The projects of a release that the viewer sees, by release_projects_pkey.
_LIST_OF_RELEASE = text(f"""
    SELECT {_COLUMNS}
    FROM release_projects AS rp JOIN projects AS p ON p.id = rp.project_id
    WHERE rp.release_id = :release_id AND {SEES_PROJECT}
    ORDER BY p.number
""")

# The keys that a project's DSNs carry, oldest first; by idx_api_keys_project.
_LIST_ACTIVE_KEYS = text(f"""
    SELECT {_KEY_COLUMNS}
    FROM api_keys AS k
    WHERE k.project_id = :project_id AND (k.revoked_at IS NULL OR k.revoked_at > now())
    ORDER BY k.created_at, k.id
""")


async def find_project(conn: ReadConnection, viewer: Viewer, reference: str) -> Project | None:
    """The project with this uuid or slug, if the viewer sees it."""
    # PostgreSQL refuses NUL characters, so no slug has one.
    if "\0" in reference:
        return None
    project_id = parse_uuid(reference)
    statement = _FIND_BY_SLUG if project_id is None else _FIND_BY_ID
    result = await conn.execute(
        statement, {**viewer.as_parameters(), "id": project_id, "slug": reference}
    )
    row = result.mappings().one_or_none()
    return Project.from_row(row) if row else None


async def find_project_by_number(
    conn: ReadConnection, viewer: Viewer, number: int
) -> Project | None:
    """The project with the number that stands in its DSNs, if the viewer sees it."""
    result = await conn.execute(_FIND_BY_NUMBER, {**viewer.as_parameters(), "number": number})
    row = result.mappings().one_or_none()
    return Project.from_row(row) if row else None


async def find_any_project(conn: ReadConnection, reference: str) -> Project | None:
    """The project with this uuid or slug; for the operator of this Mesher, not for a tenant."""
    values = {"id": parse_uuid(reference), "slug": reference}
    row = (await conn.execute(_FIND_ANY, values)).mappings().one_or_none()
    return Project.from_row(row) if row else None


async def list_projects_of(conn: ReadConnection, organization: Organization) -> list[Project]:
    """All projects of an organisation, oldest first; for the operator, not for a tenant."""
    result = await conn.execute(_LIST_OF_ORGANIZATION, {"org_id": organization.id})
    return [Project.from_row(row) for row in result.mappings()]


async def list_projects(
    conn: ReadConnection, viewer: Viewer, *, limit: int, cursor: str | None
) -> Page[Project]:
    """
    One page of the projects that the viewer sees, oldest first.

    Raises:
        ProtocolError: the cursor is not one of this list.
    """
    after = decode_cursor(cursor, tuple[int])[0] if cursor else 0
    result = await conn.execute(
        _LIST, {**viewer.as_parameters(), "after": after, "limit": limit + 1}
    )
    projects = [Project.from_row(row) for row in result.mappings()]
    return cut_page(projects, limit, lambda project: (project.number,))


async def list_projects_of_organization(
    conn: ReadConnection, viewer: Viewer, org_id: OrgId
) -> list[Project]:
    """The projects of an organisation that the viewer sees, oldest first, up to a bound."""
    values = {**viewer.as_parameters(), "org_id": org_id, "limit": MAX_PROJECTS}
    result = await conn.execute(_LIST_SEEN_OF_ORGANIZATION, values)
    return [Project.from_row(row) for row in result.mappings()]


async def list_projects_of_release(
    conn: ReadConnection, viewer: Viewer, release: Release
) -> list[Project]:
    """The projects that ship a release and that the viewer sees, oldest first."""
    values = {**viewer.as_parameters(), "release_id": release.id}
    result = await conn.execute(_LIST_OF_RELEASE, values)
    return [Project.from_row(row) for row in result.mappings()]


async def list_active_keys(conn: ReadConnection, project: Project) -> list[ApiKey]:
    """The keys with which a project takes events."""
    result = await conn.execute(_LIST_ACTIVE_KEYS, {"project_id": project.id})
    return [ApiKey.from_row(row) for row in result.mappings()]
