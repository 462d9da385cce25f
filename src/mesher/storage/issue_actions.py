"""Changes of many issues at once, kept for as long as they can be undone."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import text

from mesher.storage.audit_log import Author
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.issue_states import IssueState
from mesher.storage.viewer import SEES_ORGANIZATION, Viewer
from mesher.types import IssueStatus, Project

# Whoever notices a mistake does so at once; later, others have gone on from there.
UNDO_TIME = timedelta(hours=1)


class ChangedIssue(msgspec.Struct, frozen=True, kw_only=True):
    """What an issue had before, and by what it is seen whether that is still what it was given."""

    before: IssueState
    status: IssueStatus
    status_changed_at: datetime | None
    assigned_to: uuid.UUID | None

    def is_unchanged(self, now: IssueState) -> bool:
        """Whether nobody, and no event, has decided otherwise since."""
        given = (self.status, self.status_changed_at, self.assigned_to)
        return given == (now.status, now.status_changed_at, now.assigned_to)


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """A change of many issues."""

    id: uuid.UUID
    org_id: uuid.UUID
    made_at: datetime
    undone_at: datetime | None
    issues: list[ChangedIssue]


_INSERT = text("""
    INSERT INTO issue_actions (org_id, project_id, made_by, issues)
    VALUES (:org_id, :project_id, :made_by, CAST(:issues AS jsonb))
    RETURNING id
""")

# By primary key; who may see one project alone finds what was done in that one.
_FIND = text(f"""
    SELECT a.id, a.org_id, a.made_at, a.undone_at, a.issues
    FROM issue_actions AS a JOIN organizations AS o ON o.id = a.org_id
    WHERE a.id = :id AND {SEES_ORGANIZATION}
        AND (CAST(:viewer_project_id AS uuid) IS NULL OR a.project_id = :viewer_project_id)
""")

_NOTE_UNDONE = text("""
    UPDATE issue_actions SET undone_at = now() WHERE id = :id AND undone_at IS NULL
""")


async def insert_action(
    conn: WriteConnection,
    *,
    org_id: uuid.UUID,
    project: Project | None,
    author: Author,
    issues: Sequence[ChangedIssue],
) -> uuid.UUID:
    """Keep a change of issues; ``project`` where all are of one."""
    values = {
        "org_id": org_id,
        "project_id": project.id if project else None,
        "made_by": author.id,
        "issues": msgspec.json.encode(list(issues)).decode(),
    }
    action_id: uuid.UUID = (await conn.execute(_INSERT, values)).scalar_one()
    return action_id


async def find_action(conn: ReadConnection, viewer: Viewer, action_id: uuid.UUID) -> Action | None:
    """The change with this id, if the viewer sees the issues that it was of."""
    result = await conn.execute(_FIND, {**viewer.as_parameters(), "id": action_id})
    row = result.mappings().one_or_none()
    return msgspec.convert(row, Action) if row else None


async def note_undone(conn: WriteConnection, action: Action) -> bool:
    """Note that a change is undone; ``False`` where somebody else has done so."""
    return (await conn.execute(_NOTE_UNDONE, {"id": action.id})).rowcount == 1
