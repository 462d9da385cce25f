"""What people merged and split, as it is shown; ``issue_changes`` is where it is made."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.storage.issue_changes import ChangeKind, ChangeState
from mesher.storage.viewer import SEES_PROJECT, Viewer
from mesher.types import Issue

# More than a page shows; the latest matter.
MAX_CHANGES = 100


class ChangeSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A merge or split, as it is shown."""

    id: uuid.UUID
    kind: ChangeKind
    issue_id: uuid.UUID  # merged into, or split
    other_id: uuid.UUID  # merged away, or split off
    other_title: str
    by: dict[str, Any] | None  # of a split: fingerprints, release, frame
    state: ChangeState  # "moving" and "undoing": events are on their way
    moved_events: int  # moved so far; while "undoing" and when "undone": moved back
    made_by: str
    made_at: datetime
    undone_by: str | None
    undone_at: datetime | None


class BoundFingerprint(msgspec.Struct, frozen=True, kw_only=True):
    """A fingerprint whose events go to an issue."""

    fingerprint: str
    is_own: bool  # the one that the issue was made by


_COLUMNS = """
    c.id, c.kind, c.issue_id, c.other_id, c.state, c.moved_events, c.made_by_name AS made_by,
    c.made_at, c.undone_by_name AS undone_by, c.undone_at, c.details -> 'by' AS by,
    coalesce(c.details -> 'row' ->> 'title', i.title, '') AS other_title
"""

# By idx_issue_changes_issue and idx_issue_changes_other.
_LIST = text(f"""
    SELECT {_COLUMNS} FROM issue_changes AS c LEFT JOIN issues AS i ON i.id = c.other_id
    WHERE c.project_id = :project_id AND (c.issue_id = :issue_id OR c.other_id = :issue_id)
    ORDER BY c.made_at DESC, c.id
    LIMIT :limit
""")

_FIND = text(f"""
    SELECT {_COLUMNS} FROM issue_changes AS c LEFT JOIN issues AS i ON i.id = c.other_id
    WHERE c.project_id = :project_id AND c.id = ANY (:ids)
    ORDER BY c.made_at, c.id
""")

# Follows merges of merges; each step by idx_issue_changes_other.
_FIND_MERGED_INTO = text(f"""
    WITH RECURSIVE merged AS (
        SELECT c.issue_id, c.project_id FROM issue_changes AS c
        WHERE c.other_id = :id AND c.kind = 'merge' AND c.state = ANY (ARRAY['moving', 'done'])
      UNION
        SELECT c.issue_id, c.project_id FROM merged
        JOIN issue_changes AS c ON c.other_id = merged.issue_id
        WHERE c.kind = 'merge' AND c.state = ANY (ARRAY['moving', 'done'])
    )
    SELECT i.id FROM merged
    JOIN issues AS i ON i.id = merged.issue_id
    JOIN projects AS p ON p.id = i.project_id
    WHERE {SEES_PROJECT}
""")

# By idx_issue_fingerprints_issue.
_LIST_FINGERPRINTS = text("""
    SELECT fingerprint, fingerprint = :own AS is_own FROM issue_fingerprints
    WHERE issue_id = :issue_id
    ORDER BY 2 DESC, 1
    LIMIT :limit
""")
# A page shows some; an issue of thousands was merged by a rule, not by a person.
MAX_FINGERPRINTS = 200


async def list_changes(conn: ReadConnection, issue: Issue) -> list[ChangeSummary]:
    """The latest merges and splits that an issue has a part in, latest first."""
    values = {"project_id": issue.project_id, "issue_id": issue.id, "limit": MAX_CHANGES}
    return _summaries(await conn.execute(_LIST, values))


async def find_changes(
    conn: ReadConnection, project_id: uuid.UUID, change_ids: list[uuid.UUID]
) -> list[ChangeSummary]:
    """The changes of a project that have these ids, the oldest first."""
    return _summaries(await conn.execute(_FIND, {"project_id": project_id, "ids": change_ids}))


async def find_merged_into(
    conn: ReadConnection, viewer: Viewer, issue_id: uuid.UUID
) -> uuid.UUID | None:
    """The issue that one that is no more was merged into, if the viewer sees its project."""
    result = await conn.execute(_FIND_MERGED_INTO, {**viewer.as_parameters(), "id": issue_id})
    return result.scalars().first()


async def list_fingerprints(conn: ReadConnection, issue: Issue) -> list[BoundFingerprint]:
    """The fingerprints whose events go to an issue, its own first."""
    values = {"issue_id": issue.id, "own": issue.fingerprint, "limit": MAX_FINGERPRINTS}
    result = await conn.execute(_LIST_FINGERPRINTS, values)
    return [msgspec.convert(row, BoundFingerprint) for row in result.mappings()]


def _summaries(result: Any) -> list[ChangeSummary]:
    return [msgspec.convert(row, ChangeSummary) for row in result.mappings()]
