"""The ingest settings of a project, read to be shown and to be changed."""

from __future__ import annotations

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.kept_settings import SETTINGS_JSON, decode_settings
from mesher.types import Project
from mesher.values.ingest_settings import IngestSettings

# By primary key; the lock lets one change of a project's settings at a time be made of the last.
_READ = text(f"SELECT {SETTINGS_JSON} AS settings FROM projects AS p WHERE p.id = :id")
_LOCK = text(f"SELECT {SETTINGS_JSON} AS settings FROM projects AS p WHERE p.id = :id FOR UPDATE")

_WRITE = text("""
    UPDATE projects
    SET sample_rate = :sample_rate, ingest_settings = CAST(:settings AS jsonb) - 'sample_rate'
    WHERE id = :id
""")


async def read_settings(conn: ReadConnection, project: Project) -> IngestSettings:
    """The settings of a project."""
    return decode_settings(project.id, (await conn.execute(_READ, {"id": project.id})).scalar_one())


async def read_settings_to_change(conn: WriteConnection, project: Project) -> IngestSettings:
    """The same, for a change in this transaction: another one waits for its end."""
    return decode_settings(project.id, (await conn.execute(_LOCK, {"id": project.id})).scalar_one())


async def write_settings(conn: WriteConnection, project: Project, settings: IngestSettings) -> None:
    """Keep the settings of a project; processes read them within some seconds."""
    await conn.execute(
        _WRITE,
        {
            "id": project.id,
            "sample_rate": settings.sample_rate,
            "settings": msgspec.json.encode(settings).decode(),
        },
    )
