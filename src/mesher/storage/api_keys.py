"""The keys of a project, revoked ones too; ``ingest_keys`` are those that receive knows."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import text

from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.pages import Page, cut_page, decode_cursor
from mesher.types import ApiKey, Project

_COLUMNS = ", ".join(f"k.{name}" for name in ApiKey.__fields__())

# One of a project's keys, by primary key; the lock holds for a change of it.
_LOCK = text(f"""
    SELECT {_COLUMNS} FROM api_keys AS k WHERE k.id = :id AND k.project_id = :project_id FOR UPDATE
""")

# By idx_api_keys_project.
_COUNT_VALID = text("""
    SELECT count(*) FROM api_keys AS k
    WHERE k.project_id = :project_id AND (k.revoked_at IS NULL OR k.revoked_at > now())
""")

_INSERT = text(f"""
    INSERT INTO api_keys AS k (project_id, key_value, label)
    VALUES (:project_id, :key_value, :label)
    RETURNING {_COLUMNS}
""")

_UPDATE = text(f"""
    UPDATE api_keys AS k SET label = :label, revoked_at = :revoked_at WHERE k.id = :id
    RETURNING {_COLUMNS}
""")

# Those of all projects of an organisation, by idx_projects_org and idx_api_keys_project.
_REVOKE_ALL = text("""
    UPDATE api_keys AS k SET revoked_at = now() FROM projects AS p
    WHERE p.org_id = :org_id AND k.project_id = p.id
        AND (k.revoked_at IS NULL OR k.revoked_at > now())
""")


async def list_keys(
    conn: ReadConnection, project: Project, *, limit: int, cursor: str | None
) -> Page[ApiKey]:
    """
    One page of a project's keys, oldest first; by idx_api_keys_project.

    Raises:
        ProtocolError: the cursor is not one of this list.
    """
    values: dict[str, Any] = {"project_id": project.id, "limit": limit + 1}
    after = ""
    if cursor:
        values["created_at"], values["id"] = decode_cursor(cursor, tuple[datetime, uuid.UUID])
        after = "AND (k.created_at, k.id) > (:created_at, :id)"
    result = await conn.execute(
        text(f"""
            SELECT {_COLUMNS} FROM api_keys AS k
            WHERE k.project_id = :project_id {after}
            ORDER BY k.created_at, k.id
            LIMIT :limit
        """),
        values,
    )
    keys = [ApiKey.from_row(row) for row in result.mappings()]
    return cut_page(keys, limit, lambda key: (key.created_at, key.id))


async def lock_key(conn: WriteConnection, project: Project, key_id: uuid.UUID) -> ApiKey | None:
    """A key of the project, which nobody else changes until the transaction ends."""
    result = await conn.execute(_LOCK, {"project_id": project.id, "id": key_id})
    row = result.mappings().one_or_none()
    return ApiKey.from_row(row) if row else None


async def count_valid_keys(conn: ReadConnection, project: Project) -> int:
    """How many of the project's keys take events now."""
    return int((await conn.execute(_COUNT_VALID, {"project_id": project.id})).scalar_one())


async def insert_key(
    conn: WriteConnection, project: Project, *, key_value: str, label: str
) -> ApiKey:
    """Give a project a key: ``mshr_`` and 32 hex digits."""
    values = {"project_id": project.id, "key_value": key_value, "label": label}
    return ApiKey.from_row((await conn.execute(_INSERT, values)).mappings().one())


async def update_key(
    conn: WriteConnection, key: ApiKey, *, label: str, revoked_at: datetime | None
) -> ApiKey:
    """Give a key a label, and the time from which it takes no events; that may be still to come."""
    values = {"id": key.id, "label": label, "revoked_at": revoked_at}
    return ApiKey.from_row((await conn.execute(_UPDATE, values)).mappings().one())


async def revoke_keys_of(conn: WriteConnection, org_id: uuid.UUID) -> None:
    """Let no key of an organisation take events any more."""
    await conn.execute(_REVOKE_ALL, {"org_id": org_id})
