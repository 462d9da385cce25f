"""Changing issues as somebody decided: their status, and who sees to them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from mesher.accounts.access import member_of_organization
from mesher.accounts.actor import Actor
from mesher.errors import Conflict
from mesher.ids import OrgId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.issue_activity import insert_entry
from mesher.storage.issue_states import IssueState, assign, lock_states
from mesher.storage.memberships import Member
from mesher.triage.asked import IssueChange, Resolving, check_change
from mesher.triage.outcome import NotChanged, Outcome, Reason, changed_issue
from mesher.triage.status import NoRelease, find_resolution, give_status
from mesher.types import Issue, Project


async def change_issue(
    conn: WriteConnection, actor: Actor, project: Project, issue: Issue, change: IssueChange
) -> None:
    """
    Change one (accessible) issue of a project.

    Raises:
        Conflict: it was deleted meanwhile; or the project has not the release.
        ProtocolError: as ``change_issues``.
    """
    outcome = await change_issues(
        conn, actor, OrgId(project.org_id), [project], ids=[issue.id], change=change
    )
    for one in outcome.not_changed:
        if one.reason == "not_found":
            raise Conflict("the issue was deleted or merged meanwhile")
        if one.reason == "no_release":
            # Says which release it is that there is not.
            await find_resolution(conn, project.id, change.resolution or Resolving())


async def change_issues(
    conn: WriteConnection,
    actor: Actor,
    org_id: OrgId,
    projects: Sequence[Project],
    *,
    ids: Sequence[uuid.UUID],
    change: IssueChange,
) -> Outcome:
    """
    Change those of some issues that are in (accessible) projects of an organisation.

    Raises:
        ProtocolError: the change contradicts itself, names nobody who is a member, or says nothing.
    """
    check_change(change)
    assignee = await _assignee(conn, actor, org_id, change)
    before = {state.id: state for state in await lock_states(conn, projects, ids)}
    after: dict[uuid.UUID, IssueState] = {}
    refused: dict[uuid.UUID, Reason] = dict.fromkeys(set(ids) - before.keys(), "not_found")
    if change.status is not msgspec.UNSET:
        by_project: dict[uuid.UUID, list[IssueState]] = defaultdict(list)
        for state in before.values():
            by_project[state.project_id].append(state)
        for project_id, states in by_project.items():
            try:
                changed = await give_status(conn, actor, project_id, states, change)
            except NoRelease:
                refused |= dict.fromkeys((state.id for state in states), "no_release")
            else:
                after |= {state.id: state for state in changed}
    if change.assigned_to is not msgspec.UNSET:
        going = [state for state in before.values() if state.id not in refused]
        after |= {state.id: state for state in await _assign(conn, actor, going, assignee)}
    same = before.keys() - after.keys() - refused.keys()
    refused |= dict.fromkeys(same, "same_already")
    return Outcome(
        changed=[changed_issue(before[state.id], state) for state in after.values()],
        not_changed=[NotChanged(id=one, reason=refused[one]) for one in sorted(refused)],
    )


async def _assignee(
    conn: ReadConnection, actor: Actor, org_id: OrgId, change: IssueChange
) -> Member | None:
    if change.assigned_to is msgspec.UNSET or change.assigned_to is None:
        return None
    return await member_of_organization(
        conn, actor, org_id, change.assigned_to, field="assigned_to"
    )


async def _assign(
    conn: WriteConnection, actor: Actor, states: Sequence[IssueState], assignee: Member | None
) -> list[IssueState]:
    user_id = assignee.user_id if assignee else None
    differing = [state.id for state in states if state.assigned_to != user_id]
    if not differing:
        return []
    changed = await assign(conn, differing, user_id)
    if assignee is None:
        await insert_entry(conn, differing, kind="unassigned", author=actor.author)
    else:
        details = {"user_id": user_id, "name": assignee.display_name or assignee.email}
        await insert_entry(conn, differing, kind="assigned", author=actor.author, details=details)
    return changed
