"""Making, renaming and deleting organisations; what a deleted one had follows (``removals``)."""

from __future__ import annotations

import sqlalchemy.exc
from sqlalchemy import text

from mesher.errors import Conflict
from mesher.ids import OrgId
from mesher.storage.database import WriteConnection
from mesher.types import Organization

_COLUMNS = ", ".join(f"o.{name}" for name in Organization.__fields__())

# Nothing where the slug is taken.
_INSERT_IF_FREE = text(f"""
    INSERT INTO organizations AS o (name, slug) VALUES (:name, :slug)
    ON CONFLICT DO NOTHING
    RETURNING {_COLUMNS}
""")

# By primary key, for a change of it.
_LOCK = text(f"SELECT {_COLUMNS} FROM organizations AS o WHERE o.id = :id FOR NO KEY UPDATE")
_UPDATE = text(f"""
    UPDATE organizations AS o SET name = :name, slug = :slug WHERE o.id = :id RETURNING {_COLUMNS}
""")

# Whoever has no members is seen by nobody. The slug becomes free for others at once.
_HIDE = (
    text("DELETE FROM org_memberships WHERE org_id = :id"),
    text("DELETE FROM api_tokens WHERE org_id = :id"),
    text("DELETE FROM invitations WHERE org_id = :id"),
    text("UPDATE organizations SET slug = 'removed:' || id WHERE id = :id"),
    text("""
        INSERT INTO removals (subject_id, kind, org_id) VALUES (:id, 'organization', :id)
        ON CONFLICT DO NOTHING
    """),
)


async def insert_organization_if_free(
    conn: WriteConnection, *, name: str, slug: str
) -> Organization | None:
    """Make an organisation; ``None`` where the slug is taken."""
    result = await conn.execute(_INSERT_IF_FREE, {"name": name, "slug": slug})
    row = result.mappings().one_or_none()
    return Organization.from_row(row) if row else None


async def lock_organization(
    conn: WriteConnection, organization: Organization
) -> Organization | None:
    """The organisation as it is now, for a change of it; ``None`` where it is gone."""
    row = (await conn.execute(_LOCK, {"id": organization.id})).mappings().one_or_none()
    return Organization.from_row(row) if row else None


async def update_organization(
    conn: WriteConnection, organization: Organization, *, name: str, slug: str
) -> Organization:
    """
    Change what an organisation is called.

    Raises:
        Conflict: the slug is taken.
    """
    values = {"id": organization.id, "name": name, "slug": slug}
    try:
        result = await conn.execute(_UPDATE, values)
    except sqlalchemy.exc.IntegrityError as error:
        raise Conflict(f"the slug {slug!r} is taken", hint="choose another") from error
    return Organization.from_row(result.mappings().one())


async def hide_organization(conn: WriteConnection, org_id: OrgId) -> None:
    """Take an organisation from its people and tokens; the job removes it and its projects."""
    for statement in _HIDE:
        await conn.execute(statement, {"id": org_id})
