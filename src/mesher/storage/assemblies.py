"""
Files whose chunks were uploaded, from the request to make something of them to what became of it.

    created ─▶ assembling ─▶ ok
                          └▶ error

The row and the job that works on it are written in one transaction; ``assembly_work`` is the job's
side of the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import text

from mesher.ids import OrgId
from mesher.storage.assembly_work import AssemblyRequest
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.job_queue import ASSEMBLE_UPLOAD
from mesher.storage.upload_chunks import UNUSED_LIFETIME

AssemblyState = Literal["created", "assembling", "ok", "error"]

# The states of some files, by assemblies_pkey.
_FIND = text("""
    SELECT key, state, detail, updated_at FROM assemblies
    WHERE org_id = :org_id AND key = ANY (:keys)
""")

# The sizes of those chunks that are there, which are kept for another day. Locked in one order, so
# that clients that ask for the same chunks wait for each other and never deadlock.
_KEEP_CHUNKS = text("""
    UPDATE upload_chunks AS c SET expires_at = now() + :lifetime
    FROM (SELECT sha1 FROM upload_chunks
          WHERE org_id = :org_id AND sha1 = ANY (:sha1s)
          ORDER BY sha1 FOR UPDATE) AS found
    WHERE c.org_id = :org_id AND c.sha1 = found.sha1
    RETURNING c.sha1, c.size_bytes
""")

_REQUEST = text("""
    INSERT INTO assemblies AS a (org_id, key, kind, checksum, chunks, target, state)
    VALUES (:org_id, :key, :kind, :checksum, :chunks, CAST(:target AS jsonb), 'created')
    ON CONFLICT (org_id, key) DO UPDATE SET state = 'created', detail = NULL,
        chunks = excluded.chunks, updated_at = now()
""")

# As procrastinate's documentation puts a job into the queue from SQL: with the row or not at all.
_DEFER = text("""
    SELECT procrastinate_defer_jobs_v1(ARRAY[
        ROW('default', :job, 0, NULL, NULL, CAST(:arguments AS jsonb), NULL)
    ]::procrastinate_job_to_defer_v1[])
""")


class Assembly(msgspec.Struct, frozen=True, kw_only=True):
    """How far a file is."""

    key: str
    state: AssemblyState
    detail: str | None
    updated_at: datetime


async def find_assemblies(
    conn: ReadConnection, org_id: OrgId, keys: Sequence[str]
) -> dict[str, Assembly]:
    """How far files are, by their keys; those that nobody asked for are left out."""
    result = await conn.execute(_FIND, {"org_id": org_id, "keys": list(keys)})
    return {row["key"]: msgspec.convert(row, Assembly) for row in result.mappings()}


async def keep_chunks_longer(
    conn: WriteConnection, org_id: OrgId, sha1s: Sequence[str]
) -> dict[str, int]:
    """The sizes in bytes of those chunks that are there; each stays there for another day."""
    result = await conn.execute(
        _KEEP_CHUNKS, {"org_id": org_id, "sha1s": list(sha1s), "lifetime": UNUSED_LIFETIME}
    )
    return {row.sha1: row.size_bytes for row in result}


async def request_assembly(conn: WriteConnection, org_id: OrgId, request: AssemblyRequest) -> None:
    """Have a file put together, also one of which it was tried before."""
    await conn.execute(
        _REQUEST,
        {
            "org_id": org_id,
            "key": request.key,
            "kind": request.kind,
            "checksum": request.checksum,
            "chunks": request.chunks,
            "target": msgspec.json.encode(request.target).decode(),
        },
    )
    arguments = msgspec.json.encode({"org_id": org_id, "key": request.key}).decode()
    await conn.execute(_DEFER, {"job": ASSEMBLE_UPLOAD, "arguments": arguments})
