"""``mesher migrate``: the versions of the database schema."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from mesher.cli.database import given_database
from mesher.settings import load_settings

app = typer.Typer(help="Bring the database to a version of the schema.", no_args_is_help=True)

_DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url", metavar="URL", help="postgresql://…, instead of MESHER_DATABASE_URL."
    ),
]


@app.command()
def up(database_url: _DatabaseUrl = None) -> None:
    """Apply every migration that the database lacks."""
    from mesher import migrations  # noqa: PLC0415 - see the package

    _report("applied", migrations.upgrade(_database(database_url)))


@app.command()
def down(
    revision: Annotated[
        str, typer.Argument(help="The revision to go back to; base leaves no table.")
    ] = "base",
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do so although the database holds projects.")
    ] = False,
    database_url: _DatabaseUrl = None,
) -> None:
    """Take migrations back, with all data in what they made."""
    from mesher import migrations  # noqa: PLC0415 - see the package

    url = _database(database_url)
    _report("taken back", migrations.downgrade(url, revision, discard_data=yes))


@app.command()
def status(database_url: _DatabaseUrl = None) -> None:
    """Show the database's revision and what it lacks; exit code 1 if it lacks anything."""
    from mesher import migrations  # noqa: PLC0415 - see the package

    found = migrations.status(_database(database_url))
    typer.echo(f"at {found.current or 'base (nothing is applied)'}")
    for revision in found.pending:
        typer.echo(f"pending {revision}")
    if found.pending:
        raise typer.Exit(1)


@app.command()
def generate(
    name: Annotated[str, typer.Argument(help="What it does, as add_releases.")],
    database_url: _DatabaseUrl = None,
) -> None:
    """Write a migration from the difference between the declared types and the database."""
    from mesher import migrations  # noqa: PLC0415 - see the package

    url = _database(database_url)
    typer.echo(f"written {migrations.generate(url, name, now=datetime.now(UTC))}")


def _database(database_url: str | None) -> str:
    return given_database(load_settings(os.environ, database_url=database_url))


def _report(done: str, revisions: list[str]) -> None:
    for revision in revisions:
        typer.echo(f"{done} {revision}")
    if not revisions:
        typer.echo("nothing to do")
