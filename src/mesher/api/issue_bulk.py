"""Many issues at once: changed by their ids or by a query, and changed back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar.openapi.spec import OpenAPIFormat, OpenAPIType, Schema
from litestar.params import FromPath

from mesher.accounts.access import (
    accessible_action,
    accessible_organization,
    accessible_project,
    projects_of_organization,
)
from mesher.accounts.actor import Actor
from mesher.api.acting import ApiRequest, writing_as
from mesher.api.bodies import read_body, takes_body
from mesher.api.issue_fields import ARCHIVE, ASSIGNED_TO, RESOLUTION, STATUS
from mesher.errors import ProtocolError
from mesher.ids import OrgId
from mesher.search.asked import asked_query
from mesher.storage.database import WriteConnection
from mesher.storage.issue_search import find_issue_ids
from mesher.storage.search_time import end_time_limit
from mesher.storage.window import asked_window
from mesher.triage.asked import MAX_CHANGED_AT_ONCE, IssueChange
from mesher.triage.deciding import change_issues
from mesher.triage.outcome import NotChanged, Outcome
from mesher.triage.undoing import keep_action, undo_action
from mesher.types import Project

# What people tick, or a program sends in one piece.
MAX_IDS = 1000

_Ids = Annotated[list[uuid.UUID], msgspec.Meta(min_length=1, max_length=MAX_IDS)]
_TIME = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME)

TAKES_BULK = takes_body(
    ids=Schema(
        type=OpenAPIType.ARRAY,
        items=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.UUID),
        min_items=1,
        max_items=MAX_IDS,
    ),
    query=Schema(
        type=OpenAPIType.STRING,
        description="All that it finds, instead of ids, in the language of docs/search.md; at most"
        f" {MAX_CHANGED_AT_ONCE} at a time. An empty one finds all.",
    ),
    since=_TIME,
    until=_TIME,
    status=STATUS,
    resolution=RESOLUTION,
    archive=ARCHIVE,
    assigned_to=ASSIGNED_TO,
)


class BulkChange(IssueChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which issues are meant, by ids or a query, and what is to be decided about them."""

    ids: _Ids | None = None
    query: str | None = None
    # The window of what the query asks about events; as in the list of issues.
    since: datetime | None = None
    until: datetime | None = None


class BulkOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the issues that were meant."""

    action_id: uuid.UUID | None  # by which it is undone, within an hour; None: nothing was changed
    changed: list[uuid.UUID]
    not_changed: list[NotChanged]
    more: bool  # the query finds more than are changed at a time


async def update_issues(request: ApiRequest, project_id: FromPath[str]) -> BulkOutcome:
    """
    Decide something about issues of a project: those with the ``ids``, or all that a ``query`` finds.

    All are changed or, on an error, none; those that cannot be are named with a reason.
    """
    async with writing_as(request, "write") as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return await _update(request, conn, actor, OrgId(project.org_id), [project])


async def update_organization_issues(request: ApiRequest, org_id: FromPath[str]) -> BulkOutcome:
    """The same over all projects of an organisation that the caller sees."""
    async with writing_as(request, "write") as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        projects = await projects_of_organization(conn, actor, organization)
        return await _update(request, conn, actor, OrgId(organization.id), projects)


async def undo_issue_action(request: ApiRequest, action_id: FromPath[str]) -> BulkOutcome:
    """
    Give the issues of a change back what they had before it, for up to an hour; those that somebody,
    or an event, has changed since stay as they are.
    """
    async with writing_as(request, "write") as (conn, actor):
        action = await accessible_action(conn, actor, action_id)
        organization = await accessible_organization(conn, actor, str(action.org_id))
        projects = await projects_of_organization(conn, actor, organization)
        return _answer(await undo_action(conn, actor, projects, action))


async def _update(
    request: ApiRequest,
    conn: WriteConnection,
    actor: Actor,
    org_id: OrgId,
    projects: Sequence[Project],
) -> BulkOutcome:
    change = await read_body(request, BulkChange)
    ids = await _meant(conn, actor, projects, change)
    outcome = await change_issues(
        conn, actor, org_id, projects, ids=ids[:MAX_CHANGED_AT_ONCE], change=change
    )
    action_id = await keep_action(conn, actor, org_id, projects, outcome)
    return _answer(outcome, action_id=action_id, more=len(ids) > MAX_CHANGED_AT_ONCE)


async def _meant(
    conn: WriteConnection, actor: Actor, projects: Sequence[Project], change: BulkChange
) -> list[uuid.UUID]:
    """
    The ids of the issues that a body means; one more than are changed at a time, if there are more.

    Raises:
        ProtocolError: it says so in two ways, or in none; or as ``asked_query`` and ``asked_window``.
    """
    if (change.ids is None) == (change.query is None):
        raise ProtocolError(
            "it is not said which issues are meant",
            hint="send ids, or a query; an empty query finds all",
            field="ids",
        )
    if change.ids is not None:
        return list(dict.fromkeys(change.ids))
    found = await find_issue_ids(
        conn,
        projects,
        asked_query(change.query or ""),
        asked_window(change.since, change.until),
        viewer=actor.viewer.user_id,
        limit=MAX_CHANGED_AT_ONCE + 1,
    )
    await end_time_limit(conn)
    return found


def _answer(
    outcome: Outcome, *, action_id: uuid.UUID | None = None, more: bool = False
) -> BulkOutcome:
    return BulkOutcome(
        action_id=action_id,
        changed=[one.before.id for one in outcome.changed],
        not_changed=outcome.not_changed,
        more=more,
    )
