"""Issues that are like one."""

from __future__ import annotations

from litestar.params import FromPath

from mesher.accounts.access import accessible_issue
from mesher.api.acting import ApiRequest, reading_as
from mesher.storage.similar_issues import SimilarIssue, find_similar


async def list_similar_issues(request: ApiRequest, issue_id: FromPath[str]) -> list[SimilarIssue]:
    """The issues of the same project that are most like this one, at most 10, and by what."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        return await find_similar(conn, issue)
