"""``mesher scrub``: what is stored already, scrubbed by the rules that its project has now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from mesher.cli.options import DataDir
from mesher.cli.privacy import ProjectName, actor, connected_to_project

# The beginning of time, as far as PostgreSQL and Python both know it.
_EVER = datetime(1, 1, 1, tzinfo=UTC)


def scrub(
    project: ProjectName,
    *,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only what was received since (UTC)."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be changed.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """
    Scrub a project's stored events, issues and feedback by its present settings.

    New settings hold for what comes; this makes them hold for what is there. May be ended and run
    again at any time.
    """
    from rich.console import Console  # noqa: PLC0415 - see the package
    from rich.progress import Progress as Bar  # noqa: PLC0415 - see the package

    from mesher.privacy.rescrub import (  # noqa: PLC0415 - see the package
        Progress,
        count_events,
        scrub_stored,
    )

    begin = since.replace(tzinfo=UTC) if since else _EVER
    done = Progress(0, 0, 0, 0)
    with connected_to_project(data_dir, project) as (conn, project_id):
        total = count_events(conn, project_id, begin)
        with Bar(console=Console(stderr=True)) as bar:
            task = bar.add_task("events", total=total)
            steps = scrub_stored(conn, project_id, since=begin, actor=actor(), dry_run=dry_run)
            for done in steps:
                bar.update(task, completed=done.events, total=max(total, done.events))
    verb = "would change" if dry_run else "changed"
    typer.echo(
        f"{done.events} events looked at; {verb}: {done.changed_events} events,"
        f" {done.changed_issues} issues, {done.changed_feedback} feedback"
    )
