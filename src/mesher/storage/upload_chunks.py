"""
Parts of files on their way to an assembly. Each is kept for a day, or until a while after it was
used: a client that was told that a chunk is here must still find it here when it has sent the rest.

Plain psycopg, for threads and jobs: a chunk is megabytes, and the event loop is not to copy them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import psycopg
from psycopg.rows import TupleRow

from mesher.errors import TooLarge
from mesher.ids import OrgId

# As long as a slow upload of the largest file takes.
UNUSED_LIFETIME = timedelta(days=1)
# Parallel builds upload the same bundle for several releases.
USED_LIFETIME = timedelta(minutes=15)
# Of one organisation, so that a loop in a build fills no disk; some builds of large applications.
MAX_ORG_BYTES = 4 * 1024**3


def insert_chunk(
    conn: psycopg.Connection[TupleRow], org_id: OrgId, *, sha1: str, data: bytes
) -> None:
    """
    Keep a chunk, or keep it longer if it is there.

    Args:
        conn: in autocommit mode.
        org_id: whose it is.
        sha1: of ``data``, checked.
        data: the bytes.

    Raises:
        TooLarge: the organisation has ``MAX_ORG_BYTES`` of them.
    """
    # By upload_chunks_pkey; sizes are read without the data, which lies apart.
    inserted = conn.execute(
        """
        INSERT INTO upload_chunks AS c (org_id, sha1, size_bytes, data, expires_at)
        SELECT %(org_id)s, %(sha1)s, %(size)s, %(data)b, now() + %(lifetime)s
        WHERE %(size)s + (SELECT coalesce(sum(size_bytes), 0) FROM upload_chunks
                          WHERE org_id = %(org_id)s) <= %(limit)s
            OR EXISTS (SELECT FROM upload_chunks WHERE org_id = %(org_id)s AND sha1 = %(sha1)s)
        ON CONFLICT (org_id, sha1) DO UPDATE
        SET expires_at = greatest(c.expires_at, excluded.expires_at)
        """,
        {
            "org_id": org_id,
            "sha1": sha1,
            "size": len(data),
            "data": data,
            "lifetime": UNUSED_LIFETIME,
            "limit": MAX_ORG_BYTES,
        },
    )
    if not inserted.rowcount:
        raise TooLarge(
            f"uploads that nothing was made of yet take {MAX_ORG_BYTES} bytes",
            hint="they expire within a day; upload fewer files at once",
        )


def read_chunks(
    conn: psycopg.Connection[TupleRow], org_id: OrgId, sha1s: Sequence[str]
) -> bytes | None:
    """The content of chunks one behind the other; ``None`` if one of them is not there."""
    content = bytearray()
    for sha1 in sha1s:  # one at a time: the answer is then never in memory twice
        row = conn.execute(
            "SELECT data FROM upload_chunks WHERE org_id = %s AND sha1 = %s",
            (org_id, sha1),
            binary=True,
        ).fetchone()
        if row is None:
            return None
        content += row[0]
    return bytes(content)


def expire_chunks(conn: psycopg.Connection[TupleRow], org_id: OrgId, sha1s: Sequence[str]) -> None:
    """Let used chunks go soon, unless they are uploaded or asked for again."""
    conn.execute(
        """
        UPDATE upload_chunks SET expires_at = least(expires_at, now() + %s)
        WHERE org_id = %s AND sha1 = ANY (%s)
        """,
        (USED_LIFETIME, org_id, list(sha1s)),
    )
