"""How a project groups: its rules, and what other rules, a version or a merge would do."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from litestar.openapi.spec import Schema
from litestar.params import FromPath

from mesher.accounts.access import accessible_issue, accessible_project
from mesher.accounts.actor import Actor, require_scope
from mesher.accounts.grouping_rules import change_grouping_rules
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.api.bodies import read_body, takes_body
from mesher.errors import ProtocolError
from mesher.grouping.rules.ruleset import checked_rules, compile_rules
from mesher.grouping.versions import ALGORITHMS, Grouper
from mesher.ingest.regroup import Regroup, by_grouper, by_merge
from mesher.preview import MAX_DAYS, Preview, preview
from mesher.regrouping import MAX_MERGED_AT_ONCE
from mesher.resources import resources_of
from mesher.storage.database import ReadConnection
from mesher.storage.grouping_settings import read_grouping_rules
from mesher.types import Project

_TEXT = Schema(type="string")  # type: ignore[arg-type]
_NUMBER = Schema(type="integer")  # type: ignore[arg-type]

TAKES_RULES = takes_body(rules=_TEXT)
TAKES_CANDIDATE = takes_body(
    rules=_TEXT,
    version=_NUMBER,
    merge=Schema(type="array", items=_TEXT),  # type: ignore[arg-type]
    days=_NUMBER,
)


class GroupingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of a project, in the language of docs/grouping-rules.md; empty: none."""

    rules: str


class Candidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be tried: one of the three."""

    rules: str | None = None  # in place of the project's
    version: int | None = None  # of grouping, with the project's rules
    merge: list[str] | None = None  # issues, into the first of them
    days: int = 7  # of events that are looked at


async def get_grouping_rules(request: ApiRequest, project_id: FromPath[str]) -> GroupingRules:
    """The grouping rules of a project."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return GroupingRules(await read_grouping_rules(conn, project))


async def replace_grouping_rules(request: ApiRequest, project_id: FromPath[str]) -> GroupingRules:
    """Replace the grouping rules of a project; in force within some seconds."""
    async with writing_as(request, "admin") as (conn, actor):
        project = await accessible_project(conn, actor, project_id, needs="admin")
        given = await read_body(request, GroupingRules)
        await change_grouping_rules(conn, actor.author, project, given.rules)
        return given


async def preview_grouping(request: ApiRequest, project_id: FromPath[str]) -> Preview:
    """Which issues would join and split under what the body names; changes nothing."""
    async with reading_as(request) as (conn, actor):
        require_scope(actor, "write")
        project = await accessible_project(conn, actor, project_id)
        candidate = await read_body(request, Candidate)
        regroup = await _regroup(conn, actor, project, candidate)
    since = datetime.now(UTC) - timedelta(days=candidate.days)
    return await preview(resources_of(request).database_url, project.id, regroup, since=since)


async def _regroup(
    conn: ReadConnection, actor: Actor, project: Project, candidate: Candidate
) -> Regroup:
    """
    What a candidate does with an event.

    Raises:
        ProtocolError: it names none or several, or something that is none.
        NotFound: an issue is not there, or not the actor's.
    """
    if not 0 < candidate.days <= MAX_DAYS:
        raise ProtocolError(
            f"{candidate.days} is no number of days to look at",
            hint=f"1 to {MAX_DAYS}",
            field="days",
        )
    tried = [candidate.rules, candidate.version, candidate.merge]
    if sum(one is not None for one in tried) != 1:
        raise ProtocolError(
            "the body names not exactly one thing to try", hint="one of rules, version and merge"
        )
    if candidate.merge is not None:
        return await _merging(conn, actor, project, candidate.merge)
    if candidate.version is None:
        return by_grouper(Grouper(checked_rules(candidate.rules or "")))
    if candidate.version not in ALGORITHMS:
        raise ProtocolError(
            f"{candidate.version} is no version of grouping",
            hint=f"one of {', '.join(map(str, sorted(ALGORITHMS)))}",
            field="version",
        )
    rules, _ = compile_rules(await read_grouping_rules(conn, project))
    algorithm = {candidate.version: ALGORITHMS[candidate.version]}
    return by_grouper(Grouper(rules, algorithms=algorithm))


async def _merging(
    conn: ReadConnection, actor: Actor, project: Project, ids: Sequence[str]
) -> Regroup:
    if not 1 < len(ids) <= MAX_MERGED_AT_ONCE:
        raise ProtocolError(
            f"{len(ids)} issues are named",
            hint=f"name 2 to {MAX_MERGED_AT_ONCE} issues",
            field="merge",
        )
    issues = [await accessible_issue(conn, actor, one) for one in ids]
    for number, issue in enumerate(issues):
        if issue.project_id != project.id:
            raise ProtocolError("this issue is of another project", field=f"merge[{number}]")
    merged: dict[uuid.UUID, uuid.UUID] = {issue.id: issues[0].id for issue in issues}
    return by_merge(merged)
