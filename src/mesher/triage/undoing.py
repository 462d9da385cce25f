"""Undoing a change of issues: what it takes is kept with the change."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from mesher.accounts.actor import Actor
from mesher.errors import Conflict
from mesher.ids import OrgId
from mesher.storage.database import WriteConnection
from mesher.storage.issue_actions import (
    UNDO_TIME,
    Action,
    ChangedIssue,
    insert_action,
    note_undone,
)
from mesher.storage.issue_activity import insert_entry
from mesher.storage.issue_states import lock_states, restore_states
from mesher.triage.outcome import NotChanged, Outcome, changed_issue
from mesher.types import Project


async def keep_action(
    conn: WriteConnection,
    actor: Actor,
    org_id: OrgId,
    projects: Sequence[Project],
    outcome: Outcome,
) -> uuid.UUID | None:
    """Keep a change of issues, so that it can be undone; ``None`` where nothing was changed."""
    if not outcome.changed:
        return None
    return await insert_action(
        conn,
        org_id=org_id,
        project=projects[0] if len(projects) == 1 else None,
        author=actor.author,
        issues=outcome.changed,
    )


async def undo_action(
    conn: WriteConnection, actor: Actor, projects: Sequence[Project], action: Action
) -> Outcome:
    """
    Give the issues of an (accessible) change back what they had before; those that somebody, or an
    event, has changed since stay as they are.

    Raises:
        Conflict: it was undone, or is too long ago.
    """
    if datetime.now(UTC) - action.made_at > UNDO_TIME:
        raise Conflict(
            "this change is too long ago to be undone",
            hint="change the issues by what they are to be",
        )
    if not await note_undone(conn, action):
        raise Conflict("this change was undone already")
    ids = [one.before.id for one in action.issues]
    now = {state.id: state for state in await lock_states(conn, projects, ids)}
    changed: list[ChangedIssue] = []
    refused: list[NotChanged] = []
    for one in action.issues:
        present = now.get(one.before.id)
        if present is None:
            refused.append(NotChanged(id=one.before.id, reason="not_found"))
        elif not one.is_unchanged(present):
            refused.append(NotChanged(id=one.before.id, reason="changed_since"))
        else:
            changed.append(changed_issue(present, one.before))
    by_id = {one.before.id: one.before for one in action.issues}
    await restore_states(conn, [by_id[one.before.id] for one in changed])
    if changed:
        undone = [one.before.id for one in changed]
        await insert_entry(conn, undone, kind="undone", author=actor.author)
    return Outcome(changed=changed, not_changed=refused)
