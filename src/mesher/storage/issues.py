"""Issues: finding one, and what people do to it."""

from __future__ import annotations

import uuid

from sqlalchemy import text

from mesher.errors import Conflict
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.issue_bindings import lock_number
from mesher.storage.issue_moves import MOVES_LOCK
from mesher.storage.viewer import SEES_PROJECT, Viewer
from mesher.types import Issue, Project

_COLUMNS = ", ".join(f"i.{name}" for name in Issue.__fields__())


# The issue with this id, by primary key, if the viewer sees its project.
_FIND = text(f"""
    SELECT {_COLUMNS}
    FROM issues AS i
    JOIN projects AS p ON p.id = i.project_id
    WHERE i.id = :id AND {SEES_PROJECT}
""")

# Whether anything has ever happened in a project, by idx_issues_project_status.
_HAS_ISSUES = text("SELECT EXISTS (SELECT FROM issues WHERE project_id = :project_id)")

# So that no event is moved into or out of the issue meanwhile.
_HOLD_MOVES = text("SELECT pg_advisory_xact_lock(:lock, :number)")

# Whether events are on their way into or out of it, by idx_issue_changes_issue and _other.
_IS_MOVING = text("""
    SELECT EXISTS (
        SELECT FROM issue_changes
        WHERE (issue_id = :id OR other_id = :id) AND state = ANY (ARRAY['moving', 'undoing'])
    )
""")

_DELETE = text("DELETE FROM issues WHERE id = :id")
_DELETE_COUNTS = text("DELETE FROM issue_counts WHERE issue_id = :id")

# What could be undone only with the issue.
_DELETE_CHANGES = text("DELETE FROM issue_changes WHERE issue_id = :id OR other_id = :id")

# The files of an issue's events, by idx_attachments_event.
_DELETE_ATTACHMENTS = text("""
    DELETE FROM attachments AS a USING events AS e
    WHERE e.issue_id = :id AND a.project_id = e.project_id AND a.event_id = e.id
""")

# What people wrote about them, by idx_user_feedback_event.
_DELETE_FEEDBACK = text("""
    DELETE FROM user_feedback AS f USING events AS e
    WHERE e.issue_id = :id AND f.project_id = e.project_id AND f.event_id = e.id
""")

# Every event of an issue, in every partition, by idx_events_issue_received.
_DELETE_EVENTS = text("DELETE FROM events WHERE issue_id = :id")


async def find_issue(conn: ReadConnection, viewer: Viewer, issue_id: uuid.UUID) -> Issue | None:
    """The issue with this id, if the viewer sees its project."""
    result = await conn.execute(_FIND, {**viewer.as_parameters(), "id": issue_id})
    row = result.mappings().one_or_none()
    return Issue.from_row(row) if row else None


async def has_issues(conn: ReadConnection, project: Project) -> bool:
    """Whether the project has any issue, whatever its status."""
    return bool((await conn.execute(_HAS_ISSUES, {"project_id": project.id})).scalar_one())


async def delete_issue(conn: WriteConnection, issue: Issue) -> None:
    """
    Remove the issue, its events, and their files and feedback.

    The issue goes first, with what is bound to it: its row lock holds back a digester that is about to add events to it, which
    then makes a new issue.

    Raises:
        Conflict: a merge or split still moves events into or out of it.
    """
    number = lock_number(issue.project_id)
    await conn.execute(_HOLD_MOVES, {"lock": MOVES_LOCK, "number": number})
    if (await conn.execute(_IS_MOVING, {"id": issue.id})).scalar_one():
        raise Conflict(
            "events of this issue are still being moved by a merge or split",
            hint="delete it when that is done",
        )
    await conn.execute(_DELETE, {"id": issue.id})
    await conn.execute(_DELETE_COUNTS, {"id": issue.id})
    await conn.execute(_DELETE_CHANGES, {"id": issue.id})
    await conn.execute(_DELETE_ATTACHMENTS, {"id": issue.id})
    await conn.execute(_DELETE_FEEDBACK, {"id": issue.id})
    await conn.execute(_DELETE_EVENTS, {"id": issue.id})
