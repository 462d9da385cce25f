"""
Files that are to be put together from chunks, as the job that does it reads and writes them: plain
psycopg, since the jobs process does without SQLAlchemy.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec
import psycopg
from psycopg.rows import TupleRow

from mesher.ids import OrgId

AssemblyKind = Literal["artifact_bundle", "debug_file"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a file is for."""

    project_ids: list[str]  # uuids, sorted
    release: str | None = None
    dist: str | None = None
    name: str | None = None  # of a debug file
    debug_id: str | None = None  # of a debug file that does not hold its own


class AssemblyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is to be put together."""

    kind: AssemblyKind
    checksum: str  # SHA-1 of the whole, 40 hex digits
    chunks: list[str]  # their SHA-1, in the order of the file
    target: Target

    @property
    def key(self) -> str:
        """The same for all that would have the same result: 64 hex digits."""
        said = msgspec.json.encode((self.kind, self.checksum, self.target))
        return hashlib.sha256(said).hexdigest()


def begin_assembly(
    conn: psycopg.Connection[TupleRow], org_id: OrgId, key: str
) -> AssemblyRequest | None:
    """Take a file in hand; ``None``: it is done already, or nobody wants it any more."""
    row = conn.execute(
        """
        UPDATE assemblies SET state = 'assembling', updated_at = now()
        WHERE org_id = %s AND key = %s AND state IN ('created', 'assembling')
        RETURNING kind, checksum, chunks, target
        """,
        (org_id, key),
    ).fetchone()
    if row is None:
        return None
    names = ("kind", "checksum", "chunks", "target")
    return msgspec.convert(dict(zip(names, row, strict=True)), AssemblyRequest)


def finish_assembly(
    conn: psycopg.Connection[TupleRow],
    org_id: OrgId,
    key: str,
    *,
    error: str | None = None,
) -> None:
    """Write down what became of a file."""
    conn.execute(
        """
        UPDATE assemblies SET state = %s, detail = %s, updated_at = now()
        WHERE org_id = %s AND key = %s
        """,
        ("error" if error else "ok", error, org_id, key),
    )
