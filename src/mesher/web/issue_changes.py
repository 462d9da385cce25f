"""Merging, splitting and comparing issues, and undoing it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import Response
from litestar.params import FromPath
from litestar.response import Redirect

from mesher import regrouping
from mesher.accounts.access import (
    accessible_issue,
    accessible_project,
)
from mesher.errors import Conflict, NotFound, ProtocolError
from mesher.explaining import compare_issues, rules_of
from mesher.ids import parse_uuid
from mesher.resources import resources_of
from mesher.storage.database import ReadConnection
from mesher.storage.events import find_latest_event
from mesher.storage.issue_history import find_changes, list_changes, list_fingerprints
from mesher.storage.issue_splits import Splitting
from mesher.storage.similar_issues import find_similar
from mesher.types import Issue
from mesher.web.render import render
from mesher.web.session import WebRequest, reading_as


async def grouping_sections(conn: ReadConnection, issue: Issue) -> dict[str, Any]:
    """What the page of an issue shows of other issues and of its own past."""
    return {
        "changes": await list_changes(conn, issue),
        "fingerprints": await list_fingerprints(conn, issue),
    }


async def show_similar(request: WebRequest, issue_id: FromPath[str]) -> Response[str]:
    """Issues that are alike; the page of an issue fetches this when it stands."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        project = await accessible_project(conn, actor, str(issue.project_id))
        similar = await find_similar(conn, issue)
    return render(
        "similar.html",
        actor=actor,
        project=project,
        issue=issue,
        similar=similar,
        now=datetime.now(UTC),
    )


async def show_comparison(
    request: WebRequest, issue_id: FromPath[str], other_id: FromPath[str]
) -> Response[str]:
    """Two issues beside each other."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        other = await accessible_issue(conn, actor, other_id)
        if issue.project_id != other.project_id:
            raise ProtocolError("issues of different projects are not compared")
        project = await accessible_project(conn, actor, str(issue.project_id))
        samples = (await find_latest_event(conn, issue), await find_latest_event(conn, other))
        rules = await rules_of(conn, issue)
    return render(
        "compare.html",
        actor=actor,
        project=project,
        issue=issue,
        other=other,
        comparison=compare_issues(issue, other, samples, rules),
        now=datetime.now(UTC),
    )


async def submit_merge(request: WebRequest, issue_id: FromPath[str]) -> Redirect:
    """Merge the chosen issues into this one."""
    async with reading_as(request) as (conn, actor):
        target = await accessible_issue(conn, actor, issue_id)
        # Those that were ticked, and one that was named by its address.
        chosen = [one.rpartition("/")[2] for one in await _chosen(request, "issues") if one]
        sources = [await accessible_issue(conn, actor, one) for one in chosen]
    if not sources:
        raise Conflict("no issue was chosen", hint="choose at least one to merge into this issue")
    await regrouping.merge(resources_of(request), actor, target, sources)
    return _to_issue(target)


async def submit_split(request: WebRequest, issue_id: FromPath[str]) -> Redirect:
    """Split off what the form names."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        form = await request.form()
        frame = {name: form[name] for name in ("module", "function") if form.get(name)}
        by = Splitting(
            fingerprints=await _chosen(request, "fingerprints") or None,
            release=form.get("release") or None,
            frame=frame or None,
        )
    await regrouping.split(resources_of(request), actor, issue, by)
    return _to_issue(issue)


async def submit_undoing(
    request: WebRequest, issue_id: FromPath[str], change_id: FromPath[str]
) -> Redirect:
    """Undo a merge or split."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        project = await accessible_project(conn, actor, str(issue.project_id))
        parsed = parse_uuid(change_id)
        found = await find_changes(conn, issue.project_id, [parsed]) if parsed else []
        if not found or issue.id not in {found[0].issue_id, found[0].other_id}:
            raise NotFound("there is no such change")
    await regrouping.undo(resources_of(request), actor, project, found[0].id)
    # What was split off is no more; the issue that it came from is.
    return Redirect(f"/issues/{found[0].issue_id}", status_code=303)


async def _chosen(request: WebRequest, name: str) -> list[str]:
    """The values of a form's boxes with one name that were ticked."""
    return [str(value) for value in (await request.form()).getall(name, [])]


def _to_issue(issue: Issue) -> Redirect:
    return Redirect(f"/issues/{issue.id}", status_code=303)
