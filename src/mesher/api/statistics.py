"""Figures for dashboards: how much came when, and the largest issues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from zoneinfo import available_timezones

from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from mesher.accounts.access import (
    accessible_issue,
    accessible_organization,
    accessible_project,
    projects_of_organization,
)
from mesher.api.acting import ApiRequest, reading_as
from mesher.api.projects import PageLimit
from mesher.api.searching import Since, Until
from mesher.errors import ProtocolError
from mesher.storage.pages import Page
from mesher.storage.top_issues import TopIssue, list_top_issues
from mesher.storage.volume import (
    TimelinePoint,
    Unit,
    VolumePoint,
    list_timeline,
    list_volume,
)
from mesher.storage.window import Window, asked_window

# A chart has a few hundred points; by hour these are a month.
MAX_HOURS = 31 * 24
Zone = Annotated[
    str,
    QueryParameter(
        name="time_zone", max_length=64, description="whose days are counted, as in Europe/Berlin"
    ),
]


@dataclass(frozen=True, kw_only=True)
class Charting:
    """The parameters of figures by hour or day."""

    since: Since = None
    until: Until = None
    unit: FromQuery[Unit] = "hour"
    zone: Zone = "UTC"


async def get_project_volume(
    request: ApiRequest, project_id: FromPath[str], asked: NamedDependency[Charting]
) -> Page[VolumePoint]:
    """How many events of which level came in a project, by hour or day."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        return Page(await list_volume(conn, [project], _window(asked), asked.unit, asked.zone))


async def get_organization_volume(
    request: ApiRequest, org_id: FromPath[str], asked: NamedDependency[Charting]
) -> Page[VolumePoint]:
    """The same over all projects of an organisation that the caller sees."""
    async with reading_as(request) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        projects = await projects_of_organization(conn, actor, organization)
        return Page(await list_volume(conn, projects, _window(asked), asked.unit, asked.zone))


async def get_issue_timeline(
    request: ApiRequest, issue_id: FromPath[str], asked: NamedDependency[Charting]
) -> Page[TimelinePoint]:
    """How many events an issue had, by hour or day."""
    async with reading_as(request) as (conn, actor):
        issue = await accessible_issue(conn, actor, issue_id)
        return Page(await list_timeline(conn, issue, _window(asked), asked.unit, asked.zone))


async def get_top_issues(
    request: ApiRequest,
    project_id: FromPath[str],
    *,
    since: Since = None,
    until: Until = None,
    limit: PageLimit = 10,
) -> Page[TopIssue]:
    """The project's issues with the most events in the window."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        window = asked_window(since, until)
        return Page(await list_top_issues(conn, [project], window, limit=limit))


def _window(asked: Charting) -> Window:
    window = asked_window(asked.since, asked.until)
    if asked.unit == "hour" and window.until - window.since > timedelta(hours=MAX_HOURS):
        raise ProtocolError(
            f"that is more than {MAX_HOURS} hours", field="since", hint="ask for unit=day"
        )
    if asked.zone not in available_timezones():
        raise ProtocolError(f"there is no time zone {asked.zone!r}", field="time_zone")
    return window
