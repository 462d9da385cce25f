"""The dashboard: how much came when and of what, of a project or of an organisation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from mesher.accounts.access import (
    accessible_organization,
    accessible_project,
    projects_of_organization,
)
from mesher.errors import ProtocolError
from mesher.storage.alert_deliveries import titles_of
from mesher.storage.database import ReadConnection
from mesher.storage.issue_turns import count_turns
from mesher.storage.outcomes import list_outcomes
from mesher.storage.release_dates import list_versions_since
from mesher.storage.tag_counts import count_project_tags
from mesher.storage.top_issues import list_top_issues
from mesher.storage.volume import Unit, events_by_project, list_volume
from mesher.storage.window import Window, asked_window
from mesher.types import Project
from mesher.values.event import SEVERITIES
from mesher.web.charts import Stack, stacks
from mesher.web.errors import problem_text
from mesher.web.render import render
from mesher.web.session import WebRequest, reading_as

Range = Literal["24h", "7d", "14d", "30d", "90d"]
RANGES: Final[Mapping[Range, tuple[str, timedelta]]] = {
    "24h": ("24 hours", timedelta(hours=24)),
    "7d": ("7 days", timedelta(days=7)),
    "14d": ("14 days", timedelta(days=14)),
    "30d": ("30 days", timedelta(days=30)),
    "90d": ("90 days", timedelta(days=90)),
}
# Up to here a chart has a bar for each hour, above one for each day.
LONGEST_BY_HOUR: Final = timedelta(days=4)
TOP_ISSUES: Final = 10
RELEASES_SHOWN: Final = 8
# Of the tags of the latest events: what people ask first.
_TAGS: Final = ("release", "environment", "url", "transaction", "browser", "os", "device")


@dataclass(frozen=True, kw_only=True)
class DashboardRange:
    """Of which time the figures are."""

    range: FromQuery[Range] = "14d"
    since: FromQuery[datetime | None] = None
    until: FromQuery[datetime | None] = None

    def window(self, now: datetime) -> Window:
        """
        The window.

        Raises:
            ProtocolError: ``since`` and ``until`` are none.
        """
        if self.since is not None:
            return asked_window(self.since, self.until or now)
        return Window(now - RANGES[self.range][1], now)


async def show_dashboard(
    request: WebRequest, project_id: FromPath[str], asked: NamedDependency[DashboardRange]
) -> Response[str]:
    """The figures of a project."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        values = await _values(conn, [project], asked)
        window: Window = values["window"]
        values["releases"] = (await list_versions_since(conn, project, window.since))[
            :RELEASES_SHOWN
        ]
        values["dropped"] = await _dropped(conn, project, window)
    return render("dashboard.html", actor=actor, project=project, **values)


async def show_organization_dashboard(
    request: WebRequest, org_id: FromPath[str], asked: NamedDependency[DashboardRange]
) -> Response[str]:
    """The figures of all projects of an organisation that one sees."""
    async with reading_as(request) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        projects = await projects_of_organization(conn, actor, organization)
        values = await _values(conn, projects, asked)
        values["by_project"] = await _by_project(conn, projects, values["window"])
    return render("organization_dashboard.html", actor=actor, organization=organization, **values)


async def show_project_tags(request: WebRequest, project_id: FromPath[str]) -> Response[str]:
    """Which tags the latest events of a project have; the dashboard fetches this when it stands."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        counts = await count_project_tags(conn, project)
    tags = [tag for name in _TAGS for tag in counts.tags if tag.key == name]
    return render("project_tags.html", actor=actor, project=project, counts=counts, tags=tags)


async def _values(
    conn: ReadConnection, projects: Sequence[Project], asked: DashboardRange
) -> dict[str, Any]:
    now = datetime.now(UTC)
    problem = ""
    try:
        window = asked.window(now)
    except ProtocolError as error:
        problem, window = problem_text(error), DashboardRange().window(now)
    unit: Unit = "hour" if window.until - window.since <= LONGEST_BY_HOUR else "day"
    points = await list_volume(conn, projects, window, unit, "UTC")
    levels: Counter[str] = Counter()
    for point in points:
        levels.update(point.levels)
    top = await list_top_issues(conn, projects, window, limit=TOP_ISSUES)
    titles = await titles_of(conn, [one.issue_id for one in top])
    chart: list[Stack] = stacks(
        [[point.levels.get(level, 0) for level in SEVERITIES] for point in points]
    )
    return {
        "asked": asked,
        "window": window,
        "problem": problem,
        "ranges": RANGES,
        "unit": unit,
        "points": list(zip(points, chart, strict=True)),
        "levels": [(level, levels[level]) for level in SEVERITIES if levels[level]],
        "severities": SEVERITIES,
        "total": sum(levels.values()),
        "turns": await count_turns(conn, projects, window),
        "top": [(one, titles[one.issue_id]) for one in top if one.issue_id in titles],
        "now": now,
    }


async def _dropped(conn: ReadConnection, project: Project, window: Window) -> list[tuple[str, int]]:
    """Events that came and were not kept, by the reason, the most first."""
    reasons: Counter[str] = Counter()
    for one in await list_outcomes(conn, project, since=window.since):
        if one.outcome == "dropped" and one.category == "error" and one.hour < window.until:
            reasons[one.reason] += one.quantity
    return reasons.most_common()


async def _by_project(
    conn: ReadConnection, projects: Sequence[Project], window: Window
) -> list[tuple[Project, int]]:
    """The projects with their events, that with the most first."""
    counts = await events_by_project(conn, projects, window)
    counted = [(project, counts.get(project.id, 0)) for project in projects]
    return sorted(counted, key=lambda one: -one[1])
