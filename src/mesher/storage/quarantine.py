"""The journal records that could not be digested: looked at, and taken out again."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow


class QuarantineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One record as it is listed."""

    id: int
    received_at: datetime
    project_id: uuid.UUID | None  # None: the record cannot even be read
    shard: uuid.UUID
    position: int
    size_bytes: int
    reason: str


def list_quarantine(conn: Connection[TupleRow]) -> list[QuarantineEntry]:
    """All of it, in the order in which it was filled; a small table, read as a whole."""
    rows = conn.execute(
        """
        SELECT id, received_at, project_id, shard, position, length(record), reason
        FROM quarantine ORDER BY id
        """
    )
    names = QuarantineEntry.__struct_fields__
    return [QuarantineEntry(**dict(zip(names, row, strict=True))) for row in rows]


def take_quarantined(conn: Connection[TupleRow], entry_id: int) -> bytes | None:
    """
    Remove one record and return it; the caller commits, and whoever comes second finds nothing.

    Returns:
        ``None``: there is no such entry.
    """
    row = conn.execute(
        "DELETE FROM quarantine WHERE id = %s RETURNING record", (entry_id,)
    ).fetchone()
    return row[0] if row else None
