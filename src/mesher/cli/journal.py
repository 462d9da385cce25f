"""``mesher journal``: what is acknowledged and not in the database yet."""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from datetime import timedelta

import typer

from mesher.cli.database import chosen_database
from mesher.cli.options import DataDir
from mesher.errors import SetupError
from mesher.settings import Settings, load_settings

app = typer.Typer(help="Look at what waits for the database.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps ``status`` a subcommand: Typer makes a single command the group itself."""


@app.command()
def status(data_dir: DataDir = None) -> None:
    """Show each shard of this node's journal, beside a Mesher that runs or without one."""
    from rich.console import Console  # noqa: PLC0415 - see the package
    from rich.table import Table  # noqa: PLC0415 - see the package

    from mesher.ingest.journal_status import read_journal_status  # noqa: PLC0415 - see the package

    settings = load_settings(os.environ, data_dir=data_dir)
    positions = _positions(settings)
    try:
        shards = read_journal_status(settings.data_dir / "journal", positions)
    except (OSError, sqlite3.Error) as error:
        raise SetupError(
            f"the journal in {settings.data_dir} cannot be read",
            hint="run this as the user that runs Mesher",
        ) from error
    table = Table("shard", "bytes", "first", "last", "digested", "waiting", "oldest")
    for shard in shards:
        table.add_row(
            shard.name,
            str(shard.size_bytes),
            str(shard.first_position),
            str(shard.last_position),
            str(shard.digested_position),
            str(shard.waiting),
            _age(shard.oldest_received_at_us),
        )
    Console().print(table)


def _positions(settings: Settings) -> dict[uuid.UUID, int] | None:
    """The committed positions; ``None`` without the database, which is told."""
    import psycopg  # noqa: PLC0415 - see the package

    from mesher.storage.connection import connect  # noqa: PLC0415 - see the package
    from mesher.storage.ingest_batch import read_positions  # noqa: PLC0415 - see the package

    try:
        with connect(chosen_database(settings), application_name="mesher-journal") as conn:
            return read_positions(conn)
    except (SetupError, psycopg.Error):
        typer.echo("without the database: positions are those that digest noted last", err=True)
        return None


def _age(received_at_us: int | None) -> str:
    if received_at_us is None:
        return "-"
    return str(timedelta(seconds=max(0, round(time.time() - received_at_us / 1e6))))
