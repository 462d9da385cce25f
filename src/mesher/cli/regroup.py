"""``mesher regroup``: a project's stored events grouped anew."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mesher.cli.database import chosen_database
from mesher.cli.options import DataDir
from mesher.errors import NotFound, SetupError
from mesher.settings import load_settings

if TYPE_CHECKING:  # all of these are loaded when the command runs: see the package
    import uuid

    from psycopg import Connection
    from psycopg.rows import TupleRow
    from rich.console import Console

    from mesher.grouping.preview import Plan
    from mesher.grouping.versions import Grouper
    from mesher.ingest.regroup import Look
    from mesher.preview import Preview, PreviewShare
    from mesher.storage.kept_grouping import ProjectGrouping

# Digest reads rules every 2 seconds, and finishes the batch in hand by those it has.
NEW_RULES_SECONDS = 4.0
MAX_DAYS = 3650


def regroup(
    project: Annotated[
        str, typer.Option(metavar="PROJECT", help="Its slug, id, or the number in its DSNs.")
    ],
    *,
    days: Annotated[
        int, typer.Option(min=1, max=MAX_DAYS, help="Look at the events of so many days.")
    ] = 7,
    rules: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Group by the rules in this file, in place of the project's."
        ),
    ] = None,
    apply: Annotated[
        bool,
        typer.Option(
            "--apply", help="Keep the rules of --rules as the project's, and move the events."
        ),
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """
    Group a project's stored events by its rules as they are now, or by others, and show which issues
    would join and split. Changes nothing without --apply.
    """
    from rich.console import Console  # noqa: PLC0415 - see the package

    from mesher.grouping.rules.ruleset import checked_rules, compile_rules  # noqa: PLC0415
    from mesher.grouping.versions import Grouper  # noqa: PLC0415 - see the package
    from mesher.storage.kept_grouping import set_grouping_rules  # noqa: PLC0415

    console = Console()
    text = None if rules is None else _read(rules)
    given = None if text is None else checked_rules(text)
    with _connected(data_dir) as conn:
        found = _find_project(conn, project)
        if text is None:
            given, _ = compile_rules(found.settings.rules)
        elif apply:
            set_grouping_rules(conn, found.id, text)
            console.print("The rules are kept; waiting until new events are grouped by them.")
            time.sleep(NEW_RULES_SECONDS)
        look, plan = _look(console, conn, found, Grouper(given), days)
        _show(console, conn, found.id, look, plan)
        if not apply:
            console.print("Nothing was changed; --apply makes it so.")
        elif plan.moved_events:
            _apply(console, conn, found.id, look, plan)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(
            f"the rules in {file} cannot be read", hint="name a text file in UTF-8 with --rules"
        ) from error


def _find_project(conn: Connection[TupleRow], reference: str) -> ProjectGrouping:
    from mesher.storage.kept_grouping import find_project_grouping  # noqa: PLC0415

    found = find_project_grouping(conn, reference)
    if found is None:
        raise NotFound(
            f"there is no project {reference!r}",
            hint="name it by its slug, its id, or the number at the end of its DSN",
        )
    return found


def _look(
    console: Console,
    conn: Connection[TupleRow],
    project: ProjectGrouping,
    grouper: Grouper,
    days: int,
) -> tuple[Look, Plan]:
    from rich.progress import Progress  # noqa: PLC0415 - see the package

    from mesher.ingest.regroup import Look, by_grouper, look_at, plan_of  # noqa: PLC0415
    from mesher.storage.regroup import count_events  # noqa: PLC0415 - see the package

    look = Look()
    since = datetime.now(UTC) - timedelta(days=days)
    with Progress(console=console, transient=True) as progress:
        total = count_events(conn, project.id, since=since)
        task = progress.add_task("Looking at events", total=total)
        for events in look_at(conn, project.id, look, by_grouper(grouper), since=since):
            progress.advance(task, events)
    return look, plan_of(conn, project.id, look)


def _apply(
    console: Console, conn: Connection[TupleRow], project_id: uuid.UUID, look: Look, plan: Plan
) -> None:
    from rich.progress import Progress  # noqa: PLC0415 - see the package

    from mesher.ingest.regroup import apply_plan  # noqa: PLC0415 - see the package

    moved = 0
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Moving events", total=plan.moved_events)
        for events in apply_plan(conn, project_id, look, plan):
            moved += events
            progress.advance(task, events)
    console.print(f"{moved:,} events were moved.")


def _show(
    console: Console, conn: Connection[TupleRow], project_id: uuid.UUID, look: Look, plan: Plan
) -> None:
    from mesher.preview import issues_in, report  # noqa: PLC0415 - see the package
    from mesher.storage.regroup import find_titles  # noqa: PLC0415 - see the package

    shown = report(look, plan, find_titles(conn, project_id, issues_in(plan)))
    console.print(
        f"{shown.events:,} events of {shown.issues:,} issues were looked at; {shown.events_moved:,} "
        f"would move, and {shown.issues_untouched:,} issues would stay as they are."
    )
    if look.without_payload:
        console.print(f"{look.without_payload:,} were stored in parts, and stay where they are.")
    _show_parts(console, shown)


def _show_parts(console: Console, shown: Preview) -> None:
    from rich.table import Table  # noqa: PLC0415 - see the package
    from rich.text import Text  # noqa: PLC0415 - see the package

    parts: list[tuple[str, int, str, list[PreviewShare]]] = [
        ("joins", join.events, join.title, join.issues) for join in shown.joins
    ]
    parts += [("splits", split.events, split.title, split.into) for split in shown.splits]
    if not parts:
        return
    table = Table("what", "events", "issue", "of or into")
    for what, events, title, shares in parts:
        lines = [
            f"{share.events:,}  {share.title}{'' if share.issue_id else ' (new)'}"
            for share in shares
        ]
        # Titles hold what clients sent: no markup.
        table.add_row(what, f"{events:,}", Text(title), Text("\n".join(lines)))
    console.print(table)
    left_out = shown.joins_total + shown.splits_total - len(parts)
    if left_out:
        console.print(f"{left_out:,} smaller ones are not shown.")


@contextmanager
def _connected(data_dir: Path | None) -> Iterator[Connection[TupleRow]]:
    import psycopg  # noqa: PLC0415 - see the package

    from mesher.storage.connection import connect  # noqa: PLC0415 - see the package

    settings = load_settings(os.environ, data_dir=data_dir)
    try:
        with connect(chosen_database(settings), application_name="mesher-regroup") as conn:
            yield conn
    except psycopg.OperationalError as error:
        raise SetupError(
            "the database cannot be reached; what was moved is moved, and another run goes on",
            hint="start Mesher, or check MESHER_DATABASE_URL",
        ) from error
