"""Events as they arrive: the latest when the page is asked for, and a script that adds to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from mesher.accounts.access import (
    accessible_organization,
    accessible_project,
    projects_of_organization,
)
from mesher.accounts.actor import Actor
from mesher.search.asked import asked_query
from mesher.search.mistakes import QueryError
from mesher.search.tree import And, Node, Pattern, TextIs
from mesher.storage.database import ReadConnection
from mesher.storage.event_search import search_events
from mesher.storage.events import EventSummary
from mesher.storage.search_time import SlowSearch
from mesher.storage.window import usual_window
from mesher.types import Project
from mesher.values.event import SEVERITIES, Severity
from mesher.web.errors import problem_text
from mesher.web.render import render
from mesher.web.session import WebRequest, reading_as

# About two screens; the script keeps more.
EVENTS_SHOWN: Final = 50


@dataclass(frozen=True, kw_only=True)
class LiveFilters:
    """Which events are shown."""

    # The framework keeps the name ``query`` for itself.
    text: Annotated[str, QueryParameter(name="query")] = ""
    level: FromQuery[Literal["", Severity]] = ""
    environment: FromQuery[str] = ""

    @property
    def stream_query(self) -> str:
        """What the stream is asked for, in the language of docs/search.md."""
        level = f"level:{self.level}" if self.level else ""
        return f"({self.text}) {level}".strip() if self.text and level else self.text or level

    def node(self) -> Node:
        """
        What is to be found.

        Raises:
            QueryError: the text cannot be read.
        """
        node = asked_query(self.text, environment=self.environment or None)
        level = TextIs("level", (Pattern((self.level,)),))
        return And((node, level)) if self.level else node


async def show_live(
    request: WebRequest, project_id: FromPath[str], asked: NamedDependency[LiveFilters]
) -> Response[str]:
    """The events of a project."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        values = await _values(conn, actor, [project], asked)
    return render("live.html", actor=actor, project=project, **values)


async def show_organization_live(
    request: WebRequest, org_id: FromPath[str], asked: NamedDependency[LiveFilters]
) -> Response[str]:
    """The events of all projects of an organisation that one sees."""
    async with reading_as(request) as (conn, actor):
        organization = await accessible_organization(conn, actor, org_id)
        projects = await projects_of_organization(conn, actor, organization)
        values = await _values(conn, actor, projects, asked)
    return render("organization_live.html", actor=actor, organization=organization, **values)


async def _values(
    conn: ReadConnection, actor: Actor, projects: Sequence[Project], asked: LiveFilters
) -> dict[str, Any]:
    now = datetime.now(UTC)
    problem = ""
    events: list[EventSummary] = []
    try:
        found = await search_events(
            conn,
            projects,
            asked.node(),
            usual_window(now),
            viewer=actor.viewer.user_id,
            limit=EVENTS_SHOWN,
            cursor=None,
        )
        events = list(found.items)
    except (QueryError, SlowSearch) as error:
        problem = problem_text(error)
    return {
        "asked": asked,
        "events": events,
        "names": {project.id: project.name for project in projects},
        "problem": problem,
        "severities": SEVERITIES,
    }
