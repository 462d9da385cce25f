"""Where and when releases were deployed."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.releases import Release

# Of one release; a pipeline that deploys every minute fills a page in an hour.
MAX_DEPLOYS = 100

_COLUMNS = "id, environment, name, url, started_at, finished_at"

_INSERT = text(f"""
    INSERT INTO deploys (release_id, environment, name, url, started_at, finished_at)
    VALUES (:release_id, :environment, :name, :url, :started_at, coalesce(:finished_at, now()))
    RETURNING {_COLUMNS}
""")

# The latest deploys of a release, by idx_deploys_release.
_LIST = text(f"""
    SELECT {_COLUMNS} FROM deploys
    WHERE release_id = :release_id
    ORDER BY finished_at DESC
    LIMIT :limit
""")


class NewDeploy(msgspec.Struct, frozen=True, kw_only=True):
    """A deploy as it is reported."""

    environment: str
    name: str | None = None
    url: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None  # None: now


class Deploy(msgspec.Struct, frozen=True, kw_only=True):
    """A release on an environment."""

    id: uuid.UUID
    environment: str
    name: str | None
    url: str | None
    started_at: datetime | None
    finished_at: datetime


async def insert_deploy(conn: WriteConnection, release: Release, deploy: NewDeploy) -> Deploy:
    """Write down a deploy."""
    result = await conn.execute(
        _INSERT, {"release_id": release.id, **msgspec.structs.asdict(deploy)}
    )
    return msgspec.convert(result.mappings().one(), Deploy)


async def list_deploys(conn: ReadConnection, release: Release) -> list[Deploy]:
    """The latest deploys of a release, the newest first."""
    result = await conn.execute(_LIST, {"release_id": release.id, "limit": MAX_DEPLOYS})
    return [msgspec.convert(row, Deploy) for row in result.mappings()]
