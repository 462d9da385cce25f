"""Changing many issues from their list, and undoing it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from mesher.accounts.access import (
    accessible_action,
    accessible_organization,
    accessible_project,
    projects_of_organization,
)
from mesher.accounts.actor import Actor
from mesher.errors import ProtocolError
from mesher.ids import OrgId, parse_uuid
from mesher.storage.database import WriteConnection
from mesher.storage.issue_search import find_issue_ids
from mesher.storage.search_time import end_time_limit
from mesher.triage.asked import MAX_CHANGED_AT_ONCE, Archiving, IssueChange
from mesher.triage.deciding import change_issues
from mesher.triage.undoing import keep_action, undo_action
from mesher.types import Project
from mesher.web.issue_filters import IssueFilters
from mesher.web.own_path import own_path
from mesher.web.render import project_path
from mesher.web.session import WebRequest, writing_as

# What the buttons below a list of issues decide.
_DECISIONS = {
    "resolve": IssueChange(status="resolved"),
    "unresolve": IssueChange(status="unresolved"),
    "archive": IssueChange(status="archived", archive=Archiving(until_escalating=True)),
    "archive_for_ever": IssueChange(status="archived"),
    "discard": IssueChange(status="discarded"),
}


async def submit_bulk(
    request: WebRequest, project_id: FromPath[str], asked: NamedDependency[IssueFilters]
) -> Redirect:
    """Change the issues of a project that were ticked, or all that the list finds."""
    async with writing_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        ids = await _meant(request, conn, actor, [project], asked)
        done = await _change(request, conn, actor, [project], ids)
    return _back(f"{project_path(project)}/issues", asked, done)


async def submit_organization_bulk(
    request: WebRequest, org_id: FromPath[str], asked: NamedDependency[IssueFilters]
) -> Redirect:
    """The same over all projects of an organisation that one sees."""
    async with writing_as(request) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        projects = await projects_of_organization(conn, actor, organization)
        ids = await _meant(request, conn, actor, projects, asked)
        done = await _change(request, conn, actor, projects, ids)
    return _back(f"/organizations/{organization.slug}/issues", asked, done)


async def submit_bulk_undoing(request: WebRequest, action_id: FromPath[str]) -> Redirect:
    """Give the issues of a change back what they had."""
    async with writing_as(request) as (conn, actor):
        action = await accessible_action(conn, actor, action_id)
        organization = await accessible_organization(conn, actor, str(action.org_id))
        projects = await projects_of_organization(conn, actor, organization)
        await undo_action(conn, actor, projects, action)
    back = str((await request.form()).get("next", ""))
    return Redirect(own_path(back), status_code=303)


async def _meant(
    request: WebRequest,
    conn: WriteConnection,
    actor: Actor,
    projects: Sequence[Project],
    asked: IssueFilters,
) -> list[uuid.UUID]:
    """
    The issues that were ticked, or all that the list finds.

    Raises:
        ProtocolError: there are none.
    """
    form = await request.form()
    if form.get("matching"):
        ids = await _found(conn, actor, projects, asked)
    else:
        ids = [found for one in form.getall("ids", []) if (found := parse_uuid(str(one)))]
    if not ids or not projects:
        raise ProtocolError("no issue was chosen", hint="tick those that are meant")
    return ids[:MAX_CHANGED_AT_ONCE]


async def _change(
    request: WebRequest,
    conn: WriteConnection,
    actor: Actor,
    projects: Sequence[Project],
    ids: Sequence[uuid.UUID],
) -> uuid.UUID | None:
    """By which it is undone; ``None`` where nothing was changed."""
    form = await request.form()
    change = _decision(str(form.get("decision", "")), str(form.get("assigned_to", "")))
    org_id = OrgId(projects[0].org_id)
    outcome = await change_issues(conn, actor, org_id, projects, ids=ids, change=change)
    return await keep_action(conn, actor, org_id, projects, outcome)


async def _found(
    conn: WriteConnection, actor: Actor, projects: Sequence[Project], asked: IssueFilters
) -> list[uuid.UUID]:
    now = datetime.now(UTC)
    ids = await find_issue_ids(
        conn,
        projects,
        asked.node(now),
        asked.window(now),
        viewer=actor.viewer.user_id,
        limit=MAX_CHANGED_AT_ONCE,
    )
    await end_time_limit(conn)
    return ids


def _decision(name: str, assigned_to: str) -> IssueChange:
    if name == "assign":
        return IssueChange(assigned_to=assigned_to or None)
    if name not in _DECISIONS:
        raise ProtocolError("nothing was decided", hint="use one of the buttons of the list")
    return _DECISIONS[name]


def _back(path: str, asked: IssueFilters, done: uuid.UUID | None) -> Redirect:
    address = asked.address(cursor=asked.cursor)
    separator = "" if address == "?" else "&"
    undo = f"{separator}undo={done}" if done else ""
    return Redirect(f"{path}{address}{undo}", status_code=303)
