"""One issue, and what is decided about it."""

from __future__ import annotations

import hashlib
from datetime import UTC

import msgspec
from litestar import Response
from litestar.params import FromPath

from mesher.accounts.access import accessible_issue, accessible_project
from mesher.accounts.actor import Actor
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body, read_optional_body, takes_body
from mesher.api.issue_fields import ARCHIVE, ASSIGNED_TO, RESOLUTION, STATUS, properties_of
from mesher.api.json_forms import extend, extended
from mesher.errors import Stale
from mesher.storage import issues
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.issue_activity import NO_EXTRAS, find_extras
from mesher.storage.issue_states import IssueState, lock_states, state_of
from mesher.triage.asked import Archiving, IssueChange, Resolving
from mesher.triage.deciding import change_issue
from mesher.types import Issue, Project

ISSUE_DETAIL = extended("IssueDetail", Issue, assignee=str | None, comments=int)

TAKES_CHANGE = takes_body(
    status=STATUS, resolution=RESOLUTION, archive=ARCHIVE, assigned_to=ASSIGNED_TO
)
TAKES_RESOLUTION = takes_body(required=False, **properties_of(RESOLUTION))
TAKES_ARCHIVE = takes_body(required=False, **properties_of(ARCHIVE))


class OneIssueChange(IssueChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be decided about an issue; what is absent stays as it is."""


async def get_issue(request: ApiRequest, issue_id: FromPath[str]) -> Response[msgspec.Struct]:
    """One issue; its ``ETag`` tells what is decided about it, and nothing of its events."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        return await _answer(conn, issue)


async def update_issue(request: ApiRequest, issue_id: FromPath[str]) -> Response[msgspec.Struct]:
    """
    Decide something about an issue: its status, with a release or what ends an archive, and who it is
    assigned to; what is absent stays as it is. With ``If-Match`` only if nobody has decided otherwise.
    """
    async with writing_as(request, "write") as (conn, actor):
        issue, project = await _to_change(request, conn, actor, issue_id)
        change = await read_body(request, OneIssueChange)
        return await _change(conn, actor, project, issue, change)


async def resolve_issue(request: ApiRequest, issue_id: FromPath[str]) -> Response[msgspec.Struct]:
    """
    It is fixed, as of now or in a release; an event that comes after this, and not of an older
    release, opens it again.
    """
    async with writing_as(request, "write") as (conn, actor):
        issue, project = await _to_change(request, conn, actor, issue_id)
        resolution = await read_optional_body(request, Resolving)
        change = IssueChange(status="resolved", resolution=resolution)
        return await _change(conn, actor, project, issue, change)


async def unresolve_issue(request: ApiRequest, issue_id: FromPath[str]) -> Response[msgspec.Struct]:
    """It is not fixed after all."""
    async with writing_as(request, "write") as (conn, actor):
        issue, project = await _to_change(request, conn, actor, issue_id)
        return await _change(conn, actor, project, issue, IssueChange(status="unresolved"))


async def archive_issue(request: ApiRequest, issue_id: FromPath[str]) -> Response[msgspec.Struct]:
    """
    Nothing is to be done about it, for ever or until something happens; its events are still counted.
    """
    async with writing_as(request, "write") as (conn, actor):
        issue, project = await _to_change(request, conn, actor, issue_id)
        archive = await read_optional_body(request, Archiving)
        change = IssueChange(status="archived", archive=archive)
        return await _change(conn, actor, project, issue, change)


async def discard_issue(request: ApiRequest, issue_id: FromPath[str]) -> Response[msgspec.Struct]:
    """Its further events are dropped on arrival."""
    async with writing_as(request, "write") as (conn, actor):
        issue, project = await _to_change(request, conn, actor, issue_id)
        return await _change(conn, actor, project, issue, IssueChange(status="discarded"))


async def delete_issue(request: ApiRequest, issue_id: FromPath[str]) -> None:
    """Remove it with its events; if it happens again, it is a new issue."""
    async with writing_as(request, "write") as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        await issues.delete_issue(conn, issue)


async def _to_change(
    request: ApiRequest, conn: WriteConnection, actor: Actor, issue_id: str
) -> tuple[Issue, Project]:
    """
    An issue that is about to be changed.

    Raises:
        Stale: it is not as the request says that it is; else its row is locked, so that it stays so.
    """
    issue = await accessible_issue(conn, actor, issue_id)
    project = await accessible_project(conn, actor, str(issue.project_id))
    if wanted := _etags(request.headers.get("if-match", "")):
        states = await lock_states(conn, [project], [issue.id])
        if not states or ("*" not in wanted and _etag(states[0]) not in wanted):
            raise Stale(
                "something else was decided about the issue meanwhile",
                hint="look it up, and decide again",
            )
    return issue, project


async def _change(
    conn: WriteConnection, actor: Actor, project: Project, issue: Issue, change: IssueChange
) -> Response[msgspec.Struct]:
    await change_issue(conn, actor, project, issue, change)
    return await _answer(conn, await accessible_issue(conn, actor, str(issue.id)))


async def _answer(conn: ReadConnection, issue: Issue) -> Response[msgspec.Struct]:
    extras = await find_extras(conn, [issue.id])
    detail = extend(ISSUE_DETAIL, issue, **msgspec.structs.asdict(extras.get(issue.id, NO_EXTRAS)))
    return Response(detail, headers={"etag": _etag(state_of(issue))})


def _etag(state: IssueState) -> str:
    if state.status_changed_at is not None:  # whatever the zone that it was read in
        changed_at = state.status_changed_at.astimezone(UTC)
        state = msgspec.structs.replace(state, status_changed_at=changed_at)
    digest = hashlib.sha256(msgspec.json.encode(state)).hexdigest()
    return f'"{digest[:32]}"'


def _etags(header: str) -> set[str]:
    """The tags of an ``If-Match``: RFC 9110, 13.1.1."""
    return {tag.strip() for tag in header.split(",") if tag.strip()}
