"""
What people have decided about issues, many at once: read with the rows locked, and written.

Rows are locked in the order in which storing a batch locks them, so that none waits for another that
waits for it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import CursorResult, text

from mesher.storage.database import WriteConnection
from mesher.types import Issue, IssueStatus, Project
from mesher.values.triage import Archive, IssueSubstatus, Resolution


class IssueState(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided about an issue."""

    id: uuid.UUID
    project_id: uuid.UUID
    status: IssueStatus
    substatus: IssueSubstatus | None
    status_changed_at: datetime | None
    resolution: Resolution | None
    archive: Archive | None
    assigned_to: uuid.UUID | None


_COLUMNS = ", ".join(f"i.{field.name}" for field in msgspec.structs.fields(IssueState))

# By primary key, whole rows locked in order: LockRows comes after the sorting.
_LOCK = text(f"""
    SELECT {_COLUMNS} FROM issues AS i
    WHERE i.id = ANY (:ids) AND i.project_id = ANY (:project_ids)
    ORDER BY i.project_id, i.fingerprint COLLATE "C"
    FOR UPDATE
""")

# The time is compared with those of events, when a batch decides what comes back.
_SET = text(f"""
    UPDATE issues AS i
    SET status = :status, substatus = :substatus, status_changed_at = now(),
        resolution = CAST(:resolution AS jsonb), archive = CAST(:archive AS jsonb)
    WHERE i.id = ANY (:ids)
    RETURNING {_COLUMNS}
""")

_ASSIGN = text(f"""
    UPDATE issues AS i SET assigned_to = :user_id WHERE i.id = ANY (:ids) RETURNING {_COLUMNS}
""")

# Whoever was removed since is assigned nothing.
_RESTORE = text("""
    UPDATE issues AS i
    SET status = s.status, substatus = s.substatus, status_changed_at = s.status_changed_at,
        resolution = s.resolution, archive = s.archive, assigned_to = (
            SELECT m.user_id FROM org_memberships AS m JOIN projects AS p ON p.org_id = m.org_id
            WHERE m.user_id = s.assigned_to AND p.id = i.project_id)
    FROM jsonb_to_recordset(CAST(:states AS jsonb)) AS s(
        id uuid, status text, substatus text, status_changed_at timestamptz, resolution jsonb,
        archive jsonb, assigned_to uuid)
    WHERE i.id = s.id
""")

# By idx_issues_project_status: somebody has some hundred issues at most.
_UNASSIGN = text("""
    UPDATE issues SET assigned_to = NULL WHERE id = ANY (ARRAY(
        SELECT i.id FROM issues AS i JOIN projects AS p ON p.id = i.project_id
        WHERE p.org_id = :org_id AND i.assigned_to = :user_id
        ORDER BY i.project_id, i.fingerprint COLLATE "C"
        FOR UPDATE OF i
    ))
""")


def state_of(issue: Issue) -> IssueState:
    """What is decided about an issue that was read."""
    return IssueState(
        **{field.name: getattr(issue, field.name) for field in msgspec.structs.fields(IssueState)}
    )


async def lock_states(
    conn: WriteConnection, projects: Sequence[Project], ids: Sequence[uuid.UUID]
) -> list[IssueState]:
    """
    What is decided about those of some issues that are there, in the (accessible) projects; nothing
    else changes it until the transaction ends.
    """
    values = {"ids": list(ids), "project_ids": [project.id for project in projects]}
    return _states(await conn.execute(_LOCK, values))


async def set_status(
    conn: WriteConnection,
    ids: Sequence[uuid.UUID],
    *,
    status: IssueStatus,
    substatus: IssueSubstatus | None,
    resolution: Resolution | None,
    archive: Archive | None,
) -> list[IssueState]:
    """Give issues, which are locked, a status with all that belongs to it; as they are then."""
    values = {
        "ids": list(ids),
        "status": status,
        "substatus": substatus,
        "resolution": _json(resolution),
        "archive": _json(archive),
    }
    return _states(await conn.execute(_SET, values))


async def assign(
    conn: WriteConnection, ids: Sequence[uuid.UUID], user_id: uuid.UUID | None
) -> list[IssueState]:
    """Assign issues, which are locked, to somebody or nobody; as they are then."""
    return _states(await conn.execute(_ASSIGN, {"ids": list(ids), "user_id": user_id}))


async def restore_states(conn: WriteConnection, states: Sequence[IssueState]) -> None:
    """Give issues, which are locked, back what was decided about them earlier."""
    if states:
        await conn.execute(_RESTORE, {"states": msgspec.json.encode(list(states)).decode()})


async def unassign_member(conn: WriteConnection, *, org_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Assign somebody's issues of an organisation to nobody, when they leave it."""
    await conn.execute(_UNASSIGN, {"org_id": org_id, "user_id": user_id})


def _states(result: CursorResult[Any]) -> list[IssueState]:
    return [msgspec.convert(row, IssueState) for row in result.mappings()]


def _json(value: msgspec.Struct | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
