"""The keys that may ingest, with what the write path must know of their projects."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mesher.storage.kept_settings import SETTINGS_JSON, decode_settings
from mesher.values.ingest_key import IngestKey

# All keys, because receive keeps them all in memory: some thousand rows, read every few seconds.
_LIST_INGEST_KEYS = text(f"""
    SELECT k.key_value, p.id AS project_id, p.number AS project_number,
        {SETTINGS_JSON} AS settings
    FROM api_keys AS k
    JOIN projects AS p ON p.id = k.project_id
    WHERE k.revoked_at IS NULL OR k.revoked_at > now()
""")

_KEY_PREFIX = "mshr_"


async def list_ingest_keys(conn: AsyncConnection) -> list[IngestKey]:
    """Every key that is not revoked; one whose time is still to come is not."""
    rows = await conn.execute(_LIST_INGEST_KEYS)
    return [
        IngestKey(
            public_key=row.key_value.removeprefix(_KEY_PREFIX),
            project_id=row.project_id,
            project_number=row.project_number,
            settings=decode_settings(row.project_id, row.settings),
        )
        for row in rows
    ]
