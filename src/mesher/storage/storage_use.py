"""
How much of the database a project or an organisation takes, without reading all of it.

What is counted exactly says so; the events are estimated: as many as the ledger says were stored within
the project's retention, each as large as its latest ones are on average.
"""

from __future__ import annotations

import uuid
from typing import Final

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection

# Events whose size is looked at: within some milliseconds, and to some per cent.
SAMPLED_EVENTS: Final = 1000
# Files of a project that are looked at; with more, the answer is a sum of these.
MAX_FILES: Final = 100_000

# The ledger by its primary key, hours of one project; the sample by idx_events_project_received, where
# octet_length reads the length of a payload without the payload; the files by idx_attachments_received;
# artifact_files through the rows of the project's uploads. A file that two projects share counts for
# both, and once for the organisation.
_USE = text("""
    WITH p AS (SELECT id, retention_days FROM projects WHERE id = :project_id),
    stored AS (
        SELECT coalesce(sum(o.quantity), 0) AS events FROM p JOIN outcomes AS o
            ON o.project_id = p.id AND o.outcome = 'stored'
            AND o.category = ANY (ARRAY['error', 'security'])
            AND o.hour >= now() - make_interval(days => p.retention_days)
    ),
    sample AS (
        SELECT avg(latest.bytes) AS bytes FROM (
            SELECT coalesce(octet_length(e.payload), 0) + coalesce(pg_column_size(e.stacktrace), 0)
                + coalesce(pg_column_size(e.exception), 0) + pg_column_size(e.tags) + 200 AS bytes
            FROM events AS e WHERE e.project_id = :project_id
            ORDER BY e.received_at DESC LIMIT :sampled
        ) AS latest
    ),
    files AS (
        SELECT count(*) AS attachments, coalesce(sum(size_bytes), 0) AS bytes FROM (
            SELECT size_bytes FROM attachments WHERE project_id = :project_id LIMIT :max_files
        ) AS found
    ),
    uploads AS (
        SELECT count(*) AS artifacts, coalesce(sum(f.stored_bytes), 0) AS bytes
        FROM artifact_files AS f
        WHERE f.org_id = :org_id AND f.sha1 IN (
            SELECT sha1 FROM artifacts WHERE project_id = :project_id
            UNION SELECT sha1 FROM debug_files WHERE project_id = :project_id)
    )
    SELECT CAST(CASE WHEN sample.bytes IS NULL THEN 0 ELSE stored.events END AS bigint) AS events,
        CAST(CASE WHEN sample.bytes IS NULL THEN 0 ELSE stored.events * sample.bytes END AS bigint)
            AS event_bytes,
        CAST(files.attachments AS bigint) AS attachments,
        CAST(files.bytes AS bigint) AS attachment_bytes,
        CAST(uploads.artifacts AS bigint) AS artifacts,
        CAST(uploads.bytes AS bigint) AS artifact_bytes
    FROM stored, sample, files, uploads
""")

# By the primary key of artifact_files; some thousand rows, without their bytes.
_UPLOADS_OF_ORGANIZATION = text("""
    SELECT count(*) AS artifacts, CAST(coalesce(sum(stored_bytes), 0) AS bigint) AS artifact_bytes
    FROM artifact_files WHERE org_id = :org_id
""")
# Those that have anything; artifacts are counted for the organisation as a whole. By outcomes_pkey and
# idx_attachments_received, one row of each project.
_PROJECTS = text("""
    SELECT p.id FROM projects AS p
    WHERE p.org_id = :org_id AND (
        EXISTS (SELECT FROM outcomes AS o WHERE o.project_id = p.id)
        OR EXISTS (SELECT FROM attachments AS a WHERE a.project_id = p.id)
    )
    ORDER BY p.number
""")


class StorageUse(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored; bytes as they are on disk, without indexes."""

    events: int  # by the ledger, within the retention; without what was deleted since
    event_bytes: int  # estimated from the latest events
    attachments: int  # exact up to 100,000
    attachment_bytes: int
    artifacts: int  # exact: source maps and debug files
    artifact_bytes: int


async def project_use(conn: ReadConnection, project_id: uuid.UUID, org_id: uuid.UUID) -> StorageUse:
    """What a project of an organisation takes."""
    values = {
        "project_id": project_id,
        "org_id": org_id,
        "sampled": SAMPLED_EVENTS,
        "max_files": MAX_FILES,
    }
    return msgspec.convert((await conn.execute(_USE, values)).mappings().one(), StorageUse)


async def organization_use(conn: ReadConnection, org_id: uuid.UUID) -> StorageUse:
    """
    The sum over the projects of an organisation; a file that several share counts once.

    A statement for each, about a millisecond: one for all would be planned by the average project, and
    read the table of attachments as a whole for each where few projects have many.
    """
    project_ids = (await conn.execute(_PROJECTS, {"org_id": org_id})).scalars().all()
    parts = [await project_use(conn, project_id, org_id) for project_id in project_ids]
    uploads = (await conn.execute(_UPLOADS_OF_ORGANIZATION, {"org_id": org_id})).one()
    return StorageUse(
        events=sum(part.events for part in parts),
        event_bytes=sum(part.event_bytes for part in parts),
        attachments=sum(part.attachments for part in parts),
        attachment_bytes=sum(part.attachment_bytes for part in parts),
        artifacts=uploads.artifacts,
        artifact_bytes=uploads.artifact_bytes,
    )
