"""Merging and splitting issues, undoing it, and what was merged and split."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec
from litestar.openapi.spec import Schema
from litestar.params import FromPath

from mesher import regrouping
from mesher.accounts.access import accessible_issue, accessible_project
from mesher.accounts.actor import Actor
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body, takes_body
from mesher.errors import NotFound, ProtocolError
from mesher.ids import parse_uuid
from mesher.resources import resources_of
from mesher.storage.database import ReadConnection, reading
from mesher.storage.issue_history import (
    BoundFingerprint,
    ChangeSummary,
    find_changes,
    list_changes,
    list_fingerprints,
)
from mesher.storage.issue_splits import Splitting
from mesher.types import Issue

_TEXT = Schema(type="string")  # type: ignore[arg-type]
_TEXTS = Schema(type="array", items=_TEXT)  # type: ignore[arg-type]
_FRAME = Schema(type="object", properties={"module": _TEXT, "function": _TEXT})  # type: ignore[arg-type]

TAKES_ISSUES = takes_body(issues=_TEXTS)
TAKES_SPLITTING = takes_body(fingerprints=_TEXTS, release=_TEXT, frame=_FRAME)


class Issues(msgspec.Struct, forbid_unknown_fields=True):
    """Which issues are meant."""

    issues: list[str]


async def merge_issue(request: ApiRequest, issue_id: FromPath[str]) -> list[ChangeSummary]:
    """Merge the issues that the body names into this one; one change for each."""
    async with writing_as(request, "write") as (conn, actor):
        target = await accessible_issue(conn, actor, issue_id)
        given = await read_body(request, Issues)
        sources = await _siblings(conn, actor, target, given.issues)
    made = await regrouping.merge(resources_of(request), actor, target, sources)
    return await _changes(request, target, made)


async def unmerge_issue(request: ApiRequest, issue_id: FromPath[str]) -> list[ChangeSummary]:
    """Undo the merges of the issues that the body names into this one, the latest first."""
    async with writing_as(request, "write") as (conn, actor):
        target = await accessible_issue(conn, actor, issue_id)
        project = await accessible_project(conn, actor, str(target.project_id))
        given = await read_body(request, Issues)
        wanted = [parse_uuid(one) for one in given.issues]
        merged = {
            change.other_id: change.id
            for change in reversed(await list_changes(conn, target))
            if change.kind == "merge" and change.issue_id == target.id and change.undone_at is None
        }
    for number, one in enumerate(wanted):
        if one not in merged:
            raise ProtocolError(
                "this issue is not one that was merged into the other",
                hint="look up the changes of the issue",
                field=f"issues[{number}]",
            )
    undone = [change_id for other, change_id in reversed(merged.items()) if other in wanted]
    for change_id in undone:
        await regrouping.undo(resources_of(request), actor, project, change_id)
    return await _changes(request, target, undone)


async def split_issue(request: ApiRequest, issue_id: FromPath[str]) -> list[ChangeSummary]:
    """Split off a new issue by what the body names; its id is the change's ``other_id``."""
    async with writing_as(request, "write") as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        by = await read_body(request, Splitting)
    made = await regrouping.split(resources_of(request), actor, issue, by)
    return await _changes(request, issue, made)


async def undo_issue_change(
    request: ApiRequest, issue_id: FromPath[str], change_id: FromPath[str]
) -> list[ChangeSummary]:
    """Undo a merge or split that this issue has a part in."""
    async with writing_as(request, "write") as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        project = await accessible_project(conn, actor, str(issue.project_id))
        parsed = parse_uuid(change_id)
        found = await find_changes(conn, issue.project_id, [parsed]) if parsed else []
        if not found or issue.id not in {found[0].issue_id, found[0].other_id}:
            raise NotFound("there is no such change")
    undone = await regrouping.undo(resources_of(request), actor, project, found[0].id)
    return await _changes(request, issue, undone)


async def list_issue_changes(request: ApiRequest, issue_id: FromPath[str]) -> list[ChangeSummary]:
    """The latest 100 merges and splits that an issue has a part in, latest first."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        return await list_changes(conn, issue)


async def list_issue_fingerprints(
    request: ApiRequest, issue_id: FromPath[str]
) -> list[BoundFingerprint]:
    """The fingerprints whose events go to an issue, its own first, at most 200."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        return await list_fingerprints(conn, issue)


async def _siblings(
    conn: ReadConnection, actor: Actor, issue: Issue, ids: Sequence[str]
) -> list[Issue]:
    """
    Other issues of an issue's project.

    Raises:
        NotFound: one is not there, or not the actor's.
        ProtocolError: none is named, too many are, or one is of another project.
    """
    if not 0 < len(ids) <= regrouping.MAX_MERGED_AT_ONCE:
        raise ProtocolError(
            f"{len(ids)} issues are named",
            hint=f"name 1 to {regrouping.MAX_MERGED_AT_ONCE} issues",
            field="issues",
        )
    found = [await accessible_issue(conn, actor, one) for one in ids]
    for number, other in enumerate(found):
        if other.project_id != issue.project_id:
            raise ProtocolError(
                "issues of different projects cannot be merged", field=f"issues[{number}]"
            )
    return found


async def _changes(
    request: ApiRequest, issue: Issue, change_ids: list[uuid.UUID]
) -> list[ChangeSummary]:
    async with reading(resources_of(request).engine) as conn:
        return await find_changes(conn, issue.project_id, change_ids)
