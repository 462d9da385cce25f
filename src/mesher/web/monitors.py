"""Monitors: the jobs of a project that check in, and how their runs went."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from litestar import Response
from litestar.params import FromPath

from mesher.accounts.access import accessible_project
from mesher.alerting.check_ins import next_run, problem_of
from mesher.errors import NotFound
from mesher.resources import resources_of
from mesher.storage.last_check_ins import list_last_check_ins, list_runs
from mesher.storage.projects import list_active_keys
from mesher.web.render import render
from mesher.web.session import WebRequest, reading_as

# Of one monitor: what fits on a page, and shows when it began to fail.
RUNS_SHOWN: Final = 100


async def show_monitors(request: WebRequest, project_id: FromPath[str]) -> Response[str]:
    """The monitors of a project, each in its environments."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        found = await list_last_check_ins(conn, project, None)
        keys = await list_active_keys(conn, project)
    now = datetime.now(UTC)
    key = keys[0].key_value.removeprefix("mshr_") if keys else "KEY"
    return render(
        "monitors.html",
        actor=actor,
        project=project,
        monitors=[(one, problem_of(one, now), _due(one.config, one.started_at)) for one in found],
        example=f"{resources_of(request).url}/api/{project.number}/cron/nightly-backup/{key}/",
        now=now,
    )


async def show_monitor(
    request: WebRequest, project_id: FromPath[str], slug: FromPath[str]
) -> Response[str]:
    """One monitor with its latest runs."""
    async with reading_as(request) as (conn, actor):
        project = await accessible_project(conn, actor, project_id)
        last = await list_last_check_ins(conn, project, slug.replace("\0", ""))
        if not last:
            raise NotFound("there is no such monitor")
        runs = await list_runs(conn, project, slug, limit=RUNS_SHOWN)
    now = datetime.now(UTC)
    return render(
        "monitor.html",
        actor=actor,
        project=project,
        slug=slug,
        last=[(one, problem_of(one, now), _due(one.config, one.started_at)) for one in last],
        runs=runs,
        now=now,
    )


def _due(config: dict[str, object] | None, began: datetime) -> datetime | None:
    due = next_run(config or {}, began)
    return due.astimezone(UTC) if due else None
