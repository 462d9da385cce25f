"""Which tags the latest events of an issue or project have, with which values and how often."""

from __future__ import annotations

from litestar.params import FromPath

from mesher.accounts.access import accessible_issue, accessible_project
from mesher.api.acting import ApiRequest, reading_as
from mesher.storage.tag_counts import TagCounts, count_issue_tags, count_project_tags


async def list_issue_tags(request: ApiRequest, issue_id: FromPath[str]) -> TagCounts:
    """
    The tags of an issue's latest events, each with its ten most usual values; ``events_examined`` says
    in how many.
    """
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        return await count_issue_tags(conn, issue)


async def get_issue_tag(
    request: ApiRequest, issue_id: FromPath[str], key: FromPath[str]
) -> TagCounts:
    """One tag of them, with up to a hundred values; none, if no event examined has it."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        return await count_issue_tags(conn, issue, key)


async def list_project_tags(request: ApiRequest, project_id: FromPath[str]) -> TagCounts:
    """The tags of a project's latest events, each with its ten most usual values."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return await count_project_tags(conn, project)


async def get_project_tag(
    request: ApiRequest, project_id: FromPath[str], key: FromPath[str]
) -> TagCounts:
    """One tag of them, with up to a hundred values; none, if no event examined has it."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return await count_project_tags(conn, project, key)
