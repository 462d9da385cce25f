"""``mesher quarantine``: the records that could not be digested."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from mesher.cli.database import chosen_database
from mesher.cli.options import DataDir
from mesher.errors import Conflict, NotFound, SetupError
from mesher.settings import load_settings

if TYPE_CHECKING:  # psycopg is loaded when a command runs: see the package
    from pathlib import Path

    from psycopg import Connection
    from psycopg.rows import TupleRow

app = typer.Typer(help="Look at records that could not be digested.", no_args_is_help=True)


@app.command(name="list")
def list_entries(data_dir: DataDir = None) -> None:
    """Show what is in the quarantine, and why."""
    from rich.console import Console  # noqa: PLC0415 - see the package
    from rich.table import Table  # noqa: PLC0415 - see the package
    from rich.text import Text  # noqa: PLC0415 - see the package

    from mesher.storage.quarantine import list_quarantine  # noqa: PLC0415 - see the package

    with _connected(data_dir) as conn:
        entries = list_quarantine(conn)
    table = Table("id", "received", "project", "bytes", "reason")
    for entry in entries:
        table.add_row(
            str(entry.id),
            f"{entry.received_at:%Y-%m-%d %H:%M:%S}",
            str(entry.project_id or "unknown"),
            str(entry.size_bytes),
            Text(entry.reason),  # it quotes what clients sent: no markup
        )
    Console().print(table)


@app.command()
def replay(
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="Those alone; else all.")
    ] = None,
    *,
    data_dir: DataDir = None,
) -> None:
    """
    Digest records once more, after what stopped them is repaired; exit code 1 if any is refused.
    """
    from mesher.ingest.replay import replay as replay_entry  # noqa: PLC0415 - see the package
    from mesher.ingest.symbolication import tell_what_is_missing  # noqa: PLC0415 - see the package
    from mesher.storage.quarantine import list_quarantine  # noqa: PLC0415 - see the package

    refused = 0
    with _connected(data_dir) as conn:
        for entry_id in ids or [entry.id for entry in list_quarantine(conn)]:
            try:
                outcomes = replay_entry(conn, entry_id, tell_what_is_missing)
            except (Conflict, NotFound) as error:
                refused += 1
                typer.echo(error.message, err=True)
            else:
                stored = sum(n for key, n in outcomes.items() if key.outcome == "stored")
                typer.echo(f"entry {entry_id}: {stored} stored")
    if refused:
        raise typer.Exit(1)


@contextmanager
def _connected(data_dir: Path | None) -> Iterator[Connection[TupleRow]]:
    import psycopg  # noqa: PLC0415 - see the package

    from mesher.storage.connection import connect  # noqa: PLC0415 - see the package

    settings = load_settings(os.environ, data_dir=data_dir)
    try:
        with connect(chosen_database(settings), application_name="mesher-quarantine") as conn:
            yield conn
    except psycopg.OperationalError as error:
        raise SetupError(
            "the database cannot be reached",
            hint="start Mesher, or check MESHER_DATABASE_URL",
        ) from error
