"""
What releases upload to make stack traces readable: kept, found for an event, and read.

The bytes of a file are kept once for each organisation, compressed; index rows say for which project,
debug id, release and URL they are. Nothing here is on the way of an event whose project has uploaded
nothing.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec
import zstandard
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from mesher.symbolication.bundle import read_bundle
from mesher.symbolication.files import ArtifactType, BundleFile

# Level 3 packs source maps to a fifth at 300 MB/s; level 9 takes five times as long for a tenth less.
_COMPRESSION_LEVEL = 3

# Index rows that match, newest upload first, by idx_artifacts_debug_id.
_FIND_BY_DEBUG_ID = """
    SELECT a.org_id, a.sha1, a.debug_id, a.type, a.url, a.headers, f.size_bytes
    FROM artifacts AS a JOIN artifact_files AS f USING (org_id, sha1)
    WHERE a.project_id = %s AND a.debug_id = %s AND a.type = %s
    ORDER BY a.uploaded_at DESC
    LIMIT 1
"""
# The same by idx_artifacts_url. An upload without a dist serves every dist of its release; the first
# URL that was asked for is the best.
_FIND_BY_URL = """
    SELECT a.org_id, a.sha1, a.debug_id, a.type, a.url, a.headers, f.size_bytes
    FROM artifacts AS a JOIN artifact_files AS f USING (org_id, sha1)
    WHERE a.project_id = %(project_id)s AND a.release = %(release)s AND a.url = ANY (%(urls)s)
        AND a.dist IN (%(dist)s, '') AND a.type = ANY (%(types)s)
    ORDER BY a.dist DESC, array_position(%(urls)s, a.url), a.uploaded_at DESC
    LIMIT 1
"""


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was uploaded for a project, without its bytes."""

    org_id: uuid.UUID
    sha1: bytes
    debug_id: uuid.UUID | None
    type: str
    url: str
    headers: dict[str, str]
    size_bytes: int


def keep_bundle(
    conn: Connection[TupleRow],
    *,
    org_id: uuid.UUID,
    project_ids: Collection[uuid.UUID],
    release: str | None,
    dist: str | None,
    blob: bytes,
) -> None:
    """
    Keep the files of a source bundle for some projects of an organisation; the caller commits.

    Takes seconds of one core for a large bundle: run it in a thread or a job. The same bundle again
    changes nothing but the time of its upload, by which the newest of several is found.

    Args:
        conn: in a transaction, so that a bundle that is bad half-way leaves nothing.
        org_id: whose projects they are.
        project_ids: that the caller may change.
        release, dist: what it is found by for events without debug ids.
        blob: the assembled bundle.

    Raises:
        ProtocolError: it is no source bundle, or damaged.
        TooLarge: it, or a file in it, is over a limit of ``symbolication/limits.py``.
        psycopg.Error: as the server says.
    """
    for file in read_bundle(blob):
        sha1 = keep_file(conn, org_id, file.data)
        for project_id in sorted(project_ids):
            place = _Place(org_id, project_id, release or "", dist or "")
            _insert_artifact(conn, place, file, sha1)


def keep_file(conn: Connection[TupleRow], org_id: uuid.UUID, data: bytes) -> bytes:
    """
    Keep the bytes of a file, unless the organisation has them; the caller commits.

    Returns:
        Their SHA-1, by which index rows name them.
    """
    sha1 = hashlib.sha1(data, usedforsecurity=False).digest()
    # The lock keeps what is there from being removed as unused before an index row names it.
    known = conn.execute(
        """
        UPDATE artifact_files SET uploaded_at = now(), last_used_on = CURRENT_DATE
        WHERE org_id = %s AND sha1 = %s
        """,
        (org_id, sha1),
    )
    if not known.rowcount:
        packed = zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL).compress(data)
        conn.execute(
            """
            INSERT INTO artifact_files (org_id, sha1, size_bytes, stored_bytes, data)
            VALUES (%s, %s, %s, %s, %b)
            ON CONFLICT (org_id, sha1) DO UPDATE SET uploaded_at = now()
            """,
            (org_id, sha1, len(data), len(packed), packed),
        )
    return sha1


def read_file(conn: Connection[TupleRow], org_id: uuid.UUID, sha1: bytes) -> bytes | None:
    """The bytes of a file; ``None`` where it was removed meanwhile. Notes the use of it, once a day."""
    row = conn.execute(
        "SELECT data, last_used_on < CURRENT_DATE FROM artifact_files"
        " WHERE org_id = %s AND sha1 = %s",
        (org_id, sha1),
        binary=True,
    ).fetchone()
    if row is None:
        return None
    data, is_due = row
    if is_due:
        conn.execute(
            "UPDATE artifact_files SET last_used_on = CURRENT_DATE WHERE org_id = %s AND sha1 = %s",
            (org_id, sha1),
        )
    return zstandard.ZstdDecompressor().decompress(data)


def find_by_debug_id(
    conn: Connection[TupleRow],
    project_id: uuid.UUID,
    debug_id: uuid.UUID,
    artifact_type: ArtifactType,
) -> Artifact | None:
    """The newest file of a type that was uploaded with this debug id."""
    row = conn.execute(_FIND_BY_DEBUG_ID, (project_id, debug_id, artifact_type)).fetchone()
    return _artifact(row)


def find_by_url(
    conn: Connection[TupleRow],
    project_id: uuid.UUID,
    *,
    release: str,
    dist: str,
    urls: Sequence[str],
    types: Sequence[ArtifactType],
) -> Artifact | None:
    """
    The file of a release that has one of these URLs: the newest of the best URL.

    Args:
        urls: what the file may be called, best first.
        types: what it may be.
    """
    values = {
        "project_id": project_id,
        "release": release,
        "dist": dist,
        "urls": list(urls),
        "types": list(types),
    }
    return _artifact(conn.execute(_FIND_BY_URL, values).fetchone())


def list_projects_with_artifacts(conn: Connection[TupleRow]) -> set[uuid.UUID]:
    """The projects that have uploaded anything: one look into an index for each project."""
    rows = conn.execute(
        """
        SELECT p.id FROM projects AS p
        WHERE EXISTS (SELECT FROM artifacts AS a WHERE a.project_id = p.id)
            OR EXISTS (SELECT FROM debug_files AS d WHERE d.project_id = p.id)
        """
    )
    return {project_id for (project_id,) in rows}


def _artifact(row: TupleRow | None) -> Artifact | None:
    return Artifact(**dict(zip(Artifact.__struct_fields__, row, strict=True))) if row else None


class _Place(NamedTuple):
    """What a bundle was uploaded for."""

    org_id: uuid.UUID
    project_id: uuid.UUID
    release: str
    dist: str


def _insert_artifact(
    conn: Connection[TupleRow], place: _Place, file: BundleFile, sha1: bytes
) -> None:
    debug_id = file.debug_id
    conn.execute(
        """
        INSERT INTO artifacts
            (id, org_id, project_id, debug_id, type, url, headers, release, dist, sha1)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (id) DO UPDATE SET uploaded_at = now(), headers = excluded.headers
        """,
        (
            digest_id(*place, debug_id or "", file.type, file.url, sha1),
            place.org_id,
            place.project_id,
            debug_id,
            file.type,
            file.url,
            Jsonb(file.headers),
            place.release,
            place.dist,
            sha1,
        ),
    )


def digest_id(*parts: uuid.UUID | str | bytes) -> uuid.UUID:
    """An id that is the same for the same parts, so that what is uploaded twice is one row."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        digest.update(len(data).to_bytes(4, "big") + data)
    return uuid.UUID(bytes=digest.digest())
