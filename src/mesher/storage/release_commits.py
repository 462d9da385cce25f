"""The commits of releases, and what version control calls their state (``refs``)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.json_rows import json_rows
from mesher.storage.releases import Release

_DELETE = text("DELETE FROM release_commits WHERE release_id = :release_id")

_INSERT = text("""
    INSERT INTO release_commits (release_id, position, commit_id, repository, message,
        author_name, author_email, committed_at, files)
    SELECT :release_id, position - 1, id, repository, message,
        author_name, author_email, "timestamp", coalesce(patch_set, '[]')
    FROM ROWS FROM (json_to_recordset(CAST(:commits AS json)) AS (
        id text, repository text, message text, author_name text, author_email text,
        "timestamp" timestamptz, patch_set jsonb
    )) WITH ORDINALITY AS new(id, repository, message, author_name, author_email, "timestamp",
        patch_set, position)
""")

_SET_REFS = text("UPDATE releases SET refs = CAST(:refs AS jsonb) WHERE id = :release_id")

# The commits of a release, the newest first, by primary key.
_LIST = text("""
    SELECT commit_id AS id, repository, message, author_name, author_email,
        committed_at AS timestamp, files AS patch_set
    FROM release_commits
    WHERE release_id = :release_id AND position > :after
    ORDER BY position
    LIMIT :limit
""")


class CommitFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a commit changes."""

    path: str
    type: Literal["A", "M", "D"]  # added, modified, deleted


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """One commit of a release; only its id is certain."""

    id: str
    repository: str | None = None
    message: str | None = None
    author_name: str | None = None
    author_email: str | None = None
    timestamp: datetime | None = None
    patch_set: list[CommitFile] | None = None


class Ref(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a repository stands in a release, and where it stood in the one before."""

    repository: str
    commit: str
    previous_commit: str | None = None


async def replace_commits(
    conn: WriteConnection, release_id: uuid.UUID, commits: Sequence[Commit]
) -> None:
    """Give a release these commits, the newest first, in place of those that it has."""
    await conn.execute(_DELETE, {"release_id": release_id})
    await conn.execute(_INSERT, {"release_id": release_id, "commits": json_rows(commits)})


async def set_refs(conn: WriteConnection, release_id: uuid.UUID, refs: Sequence[Ref]) -> None:
    """Say where the repositories stand in a release."""
    await conn.execute(_SET_REFS, {"release_id": release_id, "refs": json_rows(refs)})


async def list_commits(
    conn: ReadConnection, release: Release, *, after: int, limit: int
) -> list[Commit]:
    """Some commits of a release, the newest first, behind the one at position ``after``."""
    result = await conn.execute(_LIST, {"release_id": release.id, "after": after, "limit": limit})
    return [msgspec.convert(row, Commit) for row in result.mappings()]
