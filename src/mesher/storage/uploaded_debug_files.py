"""What debug files a project has, for requests; ``debug_files`` is for those who keep and use them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.types import Project

_COLUMNS = (
    "id, debug_id, code_id, name, format, kind, arch, features, encode(sha1, 'hex') AS sha1,"
    " size_bytes, uploaded_at"
)

# A project's debug files, the newest first.
_LIST = text(f"""
    SELECT {_COLUMNS} FROM debug_files WHERE project_id = :project_id
    ORDER BY uploaded_at DESC, id
    LIMIT :limit
""")

# Those of them with one of these sums, by idx_debug_files_debug_id as far as the project.
_FIND = text(f"""
    SELECT {_COLUMNS} FROM debug_files
    WHERE project_id = :project_id AND sha1 IN (SELECT decode(hex, 'hex')
                                                FROM unnest(CAST(:sha1s AS text[])) AS hex)
    ORDER BY uploaded_at DESC, id
""")


class UploadedDebugFile(msgspec.Struct, frozen=True, kw_only=True):
    """One object of a debug file; the fields are those of ``debug_files.DebugFile``."""

    id: uuid.UUID
    debug_id: str
    code_id: str
    name: str
    format: str
    kind: str
    arch: str
    features: list[str]
    sha1: str  # 40 hex digits
    size_bytes: int
    uploaded_at: datetime


async def list_uploaded(
    conn: ReadConnection, project: Project, *, limit: int
) -> list[UploadedDebugFile]:
    """What a project has, the newest first."""
    result = await conn.execute(_LIST, {"project_id": project.id, "limit": limit})
    return [msgspec.convert(row, UploadedDebugFile) for row in result.mappings()]


async def find_uploaded(
    conn: ReadConnection, project: Project, sha1s: Sequence[str]
) -> dict[str, list[UploadedDebugFile]]:
    """The objects of those files with these SHA-1 sums that a project has, by the sum."""
    result = await conn.execute(_FIND, {"project_id": project.id, "sha1s": list(sha1s)})
    found: dict[str, list[UploadedDebugFile]] = {}
    for row in result.mappings():
        file = msgspec.convert(row, UploadedDebugFile)
        found.setdefault(file.sha1, []).append(file)
    return found
