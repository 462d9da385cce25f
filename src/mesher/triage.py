"""
What people decide about issues, one or many at once: the rules, for the API and the pages.

    outcome = await change_issues(conn, actor, org_id, projects, ids=ids, change=change)

All issues are changed in the caller's transaction or none is. What cannot be done to some of them is
said of those, and the others are changed.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec

from mesher.accounts.access import member_of_organization
from mesher.accounts.actor import Actor
from mesher.errors import Conflict, ProtocolError
from mesher.ids import OrgId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.issue_actions import (
    UNDO_TIME,
    Action,
    ChangedIssue,
    insert_action,
    note_undone,
)
from mesher.storage.issue_activity import insert_entry
from mesher.storage.issue_states import (
    IssueState,
    assign,
    lock_states,
    restore_states,
    set_status,
)
from mesher.storage.memberships import Member
from mesher.storage.project_versions import has_release, list_latest_versions
from mesher.types import Issue, IssueStatus, Project
from mesher.values.release_version import current_version
from mesher.values.triage import Archive, Resolution

# Somebody who waits for more wants "for ever", or an alert.
MAX_AWAITED_EVENTS = 1_000_000
# Those within a window are counted again with each batch that has one of the issue.
MAX_EVENTS_IN_WINDOW = 1000
MAX_WINDOW_MINUTES = 7 * 24 * 60
MAX_ARCHIVE_TIME = timedelta(days=36525)  # what PostgreSQL and Python can both write in UTC
# Among so many of a project's releases is the current one: it was not made before all of these.
RELEASES_LOOKED_AT = 100
# Names of people and releases; longer ones are none.
MAX_REFERENCE_CHARACTERS = 250

_Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_REFERENCE_CHARACTERS)]
Reason = Literal["not_found", "same_already", "no_release", "changed_since"]


class Resolving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Since which release an issue is resolved; one of these, or as of now."""

    in_release: _Reference | None = None
    in_current_release: bool = False
    in_next_release: bool = False


class Archiving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ends that an issue is archived, whichever comes first; nothing of it: for ever."""

    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    events: Annotated[int, msgspec.Meta(ge=1, le=MAX_AWAITED_EVENTS)] | None = None
    window_minutes: Annotated[int, msgspec.Meta(ge=1, le=MAX_WINDOW_MINUTES)] | None = None
    until_escalating: bool = False


class IssueChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be decided about issues; what is absent stays as it is."""

    status: IssueStatus | msgspec.UnsetType = msgspec.UNSET
    resolution: Resolving | None = None  # with the status resolved
    archive: Archiving | None = None  # with the status archived
    # The id or e-mail of a member, "me", or None for nobody.
    assigned_to: _Reference | msgspec.UnsetType | None = msgspec.UNSET


class NotChanged(msgspec.Struct, frozen=True, kw_only=True):
    """An issue that was left as it was."""

    id: uuid.UUID
    reason: Reason


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of issues that were to be changed."""

    changed: list[ChangedIssue]
    not_changed: list[NotChanged]


class _NoRelease(Conflict):
    """A project has not the release that its issues were to be resolved in."""


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
            await _resolution(conn, project.id, change.resolution or Resolving())


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
    _check(change)
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
                changed = await _set_status(conn, actor, project_id, states, change)
            except _NoRelease:
                refused |= dict.fromkeys((state.id for state in states), "no_release")
            else:
                after |= {state.id: state for state in changed}
    if change.assigned_to is not msgspec.UNSET:
        going = [state for state in before.values() if state.id not in refused]
        after |= {state.id: state for state in await _assign(conn, actor, going, assignee)}
    same = before.keys() - after.keys() - refused.keys()
    refused |= dict.fromkeys(same, "same_already")
    return Outcome(
        changed=[_changed(before[state.id], state) for state in after.values()],
        not_changed=[NotChanged(id=one, reason=refused[one]) for one in sorted(refused)],
    )


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
            changed.append(_changed(present, one.before))
    by_id = {one.before.id: one.before for one in action.issues}
    await restore_states(conn, [by_id[one.before.id] for one in changed])
    if changed:
        undone = [one.before.id for one in changed]
        await insert_entry(conn, undone, kind="undone", author=actor.author)
    return Outcome(changed=changed, not_changed=refused)


def _check(change: IssueChange) -> None:
    """
    Raises:
        ProtocolError: the change contradicts itself, or says nothing.
    """
    if change.resolution is not None:
        if change.status != "resolved":
            raise ProtocolError(
                "only a resolved issue has a resolution",
                hint='send it with "status": "resolved"',
                field="resolution",
            )
        asked = change.resolution
        if bool(asked.in_release) + asked.in_current_release + asked.in_next_release > 1:
            raise ProtocolError("an issue is resolved in one release", field="resolution")
    if change.archive is not None:
        if change.status != "archived":
            raise ProtocolError(
                "only an archived issue has something that ends it",
                hint='send it with "status": "archived"',
                field="archive",
            )
        _check_archive(change.archive)
    if change.status is msgspec.UNSET and change.assigned_to is msgspec.UNSET:
        raise ProtocolError("nothing is to be changed", hint="name a status or assigned_to")


def _check_archive(archive: Archiving) -> None:
    if archive.until is not None:
        wait = archive.until - datetime.now(UTC)
        if not timedelta() < wait <= MAX_ARCHIVE_TIME:
            raise ProtocolError(
                "until is over already, or more than a hundred years away",
                hint="archive it without a time, where it is for ever",
                field="archive.until",
            )
    if archive.window_minutes is not None:
        if archive.events is None:
            raise ProtocolError(
                "a window is one for events", hint="name how many", field="archive.window_minutes"
            )
        if archive.events > MAX_EVENTS_IN_WINDOW:
            raise ProtocolError(
                f"within a window at most {MAX_EVENTS_IN_WINDOW} events are counted",
                field="archive.events",
            )


async def _assignee(
    conn: ReadConnection, actor: Actor, org_id: OrgId, change: IssueChange
) -> Member | None:
    if change.assigned_to is msgspec.UNSET or change.assigned_to is None:
        return None
    return await member_of_organization(
        conn, actor, org_id, change.assigned_to, field="assigned_to"
    )


async def _set_status(
    conn: WriteConnection,
    actor: Actor,
    project_id: uuid.UUID,
    states: Sequence[IssueState],
    change: IssueChange,
) -> list[IssueState]:
    """
    Give issues of one project the status; those that have it already are not among the result.

    Raises:
        _NoRelease: the project has not the release.
    """
    assert change.status is not msgspec.UNSET  # noqa: S101 - the caller has looked
    resolution = await _resolution(conn, project_id, change.resolution or Resolving())
    archive = _archive(change.archive or Archiving())
    wanted = (change.status, resolution, archive)
    differing = [
        state.id for state in states if (state.status, state.resolution, state.archive) != wanted
    ]
    if not differing:
        return []
    changed = await set_status(
        conn,
        differing,
        status=change.status,
        substatus="ongoing" if change.status == "unresolved" else None,
        resolution=resolution,
        archive=archive,
    )
    details: dict[str, Any] = {}
    if resolution is not None:
        details["resolution"] = resolution
    if archive is not None:
        details["archive"] = archive
    await insert_entry(conn, differing, kind=change.status, author=actor.author, details=details)
    return changed


async def _resolution(
    conn: ReadConnection, project_id: uuid.UUID, asked: Resolving
) -> Resolution | None:
    if asked.in_release is not None:
        if not await has_release(conn, project_id, asked.in_release):
            raise _NoRelease(
                f"the project has no release {asked.in_release}",
                hint="make it first, as sentry-cli does, or have an event name it",
                field="resolution.in_release",
            )
        return Resolution(in_release=asked.in_release)
    if not (asked.in_current_release or asked.in_next_release):
        return None
    latest = await list_latest_versions(conn, project_id, limit=RELEASES_LOOKED_AT)
    current = current_version(latest)
    if current is None:
        raise _NoRelease(
            "the project has no release, so nothing tells which one would be the next",
            hint="name releases in events, or resolve the issue as of now",
            field="resolution",
        )
    if asked.in_current_release:
        return Resolution(in_release=current)
    return Resolution(after_release=current)


def _archive(asked: Archiving) -> Archive | None:
    if asked == Archiving():
        return None
    return Archive(
        until=asked.until.astimezone(UTC) if asked.until else None,
        events=asked.events,
        window_minutes=asked.window_minutes,
        events_left=asked.events if asked.window_minutes is None else None,
        until_escalating=asked.until_escalating,
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


def _changed(before: IssueState, after: IssueState) -> ChangedIssue:
    return ChangedIssue(
        before=before,
        status=after.status,
        status_changed_at=after.status_changed_at,
        assigned_to=after.assigned_to,
    )
