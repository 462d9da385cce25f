"""Why events and issues are grouped as they are, and where two issues differ."""

from __future__ import annotations

from litestar.params import FromPath

from mesher.accounts.access import accessible_issue, event_of_issue
from mesher.api.acting import ApiRequest, reading_as
from mesher.errors import ProtocolError
from mesher.explaining import Explained, compare_issues, explain_event, explain_issue, rules_of
from mesher.grouping.account import Comparison
from mesher.storage.events import find_latest_event


async def explain_grouping(request: ApiRequest, issue_id: FromPath[str]) -> Explained:
    """What made the events of an issue one: parts, what was replaced in them, what did not count."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        sample = await find_latest_event(conn, issue)
        rules = await rules_of(conn, issue)
    return explain_issue(issue, sample, rules)


async def explain_event_grouping(
    request: ApiRequest, issue_id: FromPath[str], event_id: FromPath[str]
) -> Explained:
    """The same for one event of an issue: by its id, or the ``latest`` or ``oldest``."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        stored = await event_of_issue(conn, issue, event_id)
        rules = await rules_of(conn, issue)
    return explain_event(stored, rules)


async def compare_issue(
    request: ApiRequest, issue_id: FromPath[str], other_id: FromPath[str]
) -> Comparison:
    """What two issues of a project were grouped by, beside each other, and where they first differ."""
    async with reading_as(request) as (conn, actor):
        one = await accessible_issue(conn, actor, issue_id)
        other = await accessible_issue(conn, actor, other_id)
        if one.project_id != other.project_id:
            raise ProtocolError("issues of different projects are not compared")
        samples = (await find_latest_event(conn, one), await find_latest_event(conn, other))
        rules = await rules_of(conn, one)
    return compare_issues(one, other, samples, rules)
