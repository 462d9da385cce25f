"""Searches of issues that people keep, for themselves or for everybody in the project."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.errors import Conflict
from mesher.ids import UserId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.types import Project

# Of one project, over all of its people: a list that is still read.
MAX_SAVED_SEARCHES = 100

_COLUMNS = (
    """s.search_id AS id, s.project_id, s.made_by, s.name, s.filters, s.shared, s.created_at"""
)

# One's own and those that are shared, by idx_saved_searches_project.
_LIST = text(f"""
    SELECT {_COLUMNS} FROM saved_searches AS s
    WHERE s.project_id = :project_id AND (s.shared OR s.made_by = :user_id)
    ORDER BY s.created_at, s.search_id
""")
_INSERT = text(f"""
    INSERT INTO saved_searches AS s (project_id, made_by, name, filters, shared)
    SELECT :project_id, :user_id, :name, :filters, :shared
    WHERE (SELECT count(*) FROM saved_searches WHERE project_id = :project_id) < :limit
    RETURNING {_COLUMNS}
""")
_DELETE = text("""
    DELETE FROM saved_searches AS s
    WHERE s.search_id = :id AND s.project_id = :project_id
      AND (s.made_by = :user_id OR (s.shared AND :is_admin))
""")


class SavedSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A search that somebody keeps."""

    id: uuid.UUID
    project_id: uuid.UUID
    made_by: uuid.UUID
    name: str
    filters: Mapping[str, str]  # by the names of the list's address: query, status, release, ...
    shared: bool
    created_at: datetime


async def list_saved_searches(
    conn: ReadConnection, project: Project, user_id: UserId
) -> list[SavedSearch]:
    """The searches of an (accessible) project that somebody sees, the oldest first."""
    result = await conn.execute(_LIST, {"project_id": project.id, "user_id": user_id})
    return [msgspec.convert(row, SavedSearch) for row in result.mappings()]


async def insert_saved_search(
    conn: WriteConnection,
    project: Project,
    user_id: UserId,
    *,
    name: str,
    filters: Mapping[str, str],
    shared: bool,
) -> SavedSearch:
    """
    Keep a search of an (accessible) project.

    Raises:
        Conflict: the project has as many as it may.
    """
    values = {
        "project_id": project.id,
        "user_id": user_id,
        "name": name,
        "filters": msgspec.json.encode(filters).decode(),
        "shared": shared,
        "limit": MAX_SAVED_SEARCHES,
    }
    row = (await conn.execute(_INSERT, values)).mappings().one_or_none()
    if row is None:
        raise Conflict(
            f"the project has {MAX_SAVED_SEARCHES} saved searches", hint="remove some of them"
        )
    return msgspec.convert(row, SavedSearch)


async def delete_saved_search(
    conn: WriteConnection,
    project: Project,
    user_id: UserId,
    search_id: uuid.UUID,
    *,
    is_admin: bool,
) -> bool:
    """Remove a search of one's own, or as an admin one that is shared; ``False``: there is none."""
    values = {
        "id": search_id,
        "project_id": project.id,
        "user_id": user_id,
        "is_admin": is_admin,
    }
    return (await conn.execute(_DELETE, values)).rowcount == 1
