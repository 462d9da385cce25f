"""One issue, and what is done to it."""

from __future__ import annotations

from litestar.params import FromPath

from mesher.accounts.access import accessible_issue
from mesher.api.acting import ApiRequest, reading_as, writing_as
from mesher.errors import NotFound
from mesher.storage import issues
from mesher.types import Issue, IssueStatus


async def get_issue(request: ApiRequest, issue_id: FromPath[str]) -> Issue:
    """One issue."""
    async with reading_as(request) as (conn, actor):
        return await accessible_issue(conn, actor, issue_id)


async def resolve_issue(request: ApiRequest, issue_id: FromPath[str]) -> Issue:
    """It is fixed; an event that comes after this opens it again."""
    return await _set_status(request, issue_id, "resolved")


async def unresolve_issue(request: ApiRequest, issue_id: FromPath[str]) -> Issue:
    """It is not fixed after all."""
    return await _set_status(request, issue_id, "unresolved")


async def archive_issue(request: ApiRequest, issue_id: FromPath[str]) -> Issue:
    """Nothing is to be done about it; its events are still counted."""
    return await _set_status(request, issue_id, "archived")


async def discard_issue(request: ApiRequest, issue_id: FromPath[str]) -> Issue:
    """Its further events are dropped on arrival."""
    return await _set_status(request, issue_id, "discarded")


async def delete_issue(request: ApiRequest, issue_id: FromPath[str]) -> None:
    """Remove it with its events; if it happens again, it is a new issue."""
    async with writing_as(request, "write") as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        await issues.delete_issue(conn, issue)


async def _set_status(request: ApiRequest, issue_id: str, status: IssueStatus) -> Issue:
    async with writing_as(request, "write") as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        changed = await issues.set_status(conn, issue, status)
    if changed is None:
        raise NotFound("the issue was deleted meanwhile")
    return changed
