"""
The ``mesher`` command: one module per subcommand.

A command that fails raises a ``MesherError``; here it is shown in plain words, and the process ends
with exit code 1. The commands import what is heavy (SQLAlchemy, Alembic, the driver) inside their
functions: ``mesher up`` and ``mesher serve`` stay in memory as supervisors and use none of it.
"""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mesher import __version__
from mesher.cli import (
    check,
    journal,
    key,
    migrate,
    organization,
    person,
    prepare,
    project,
    quarantine,
    regroup,
    schema,
    scrub,
    serve,
    token,
    up,
    user,
)
from mesher.cli.failure import show_failure
from mesher.errors import MesherError
from mesher.logs import configure_logging
from mesher.settings import load_settings


class _Group(TyperGroup):
    """Shows errors of ours where every command passes."""

    def invoke(self, ctx: Any) -> Any:  # a type of click that Typer keeps private
        try:
            return super().invoke(ctx)
        except MesherError as error:
            show_failure(error, verbose=bool(ctx.params["verbose"]))
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=_Group,
    help="Self-hosted error monitoring for the Sentry SDKs you already use.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they would print local variables
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mesher {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    *,
    verbose: Annotated[  # noqa: ARG001 - the group reads it where errors arrive
        bool, typer.Option("-v", "--verbose", help="Show where an error comes from.")
    ] = False,
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """The options that stand before the command, and where all commands log to."""
    settings = load_settings(os.environ)
    configure_logging(
        level=settings.log_level,
        log_format=settings.log_format,
        process=ctx.invoked_subcommand or "mesher",
    )


app.command()(up.up)
app.command()(serve.serve)
app.command()(check.check)
app.add_typer(migrate.app, name="migrate")
app.add_typer(journal.app, name="journal")
app.add_typer(quarantine.app, name="quarantine")
app.command()(regroup.regroup)
app.command()(scrub.scrub)
app.add_typer(person.app, name="person")
app.add_typer(organization.app, name="organization")
app.add_typer(user.app, name="user")
app.add_typer(project.app, name="project")
app.add_typer(key.app, name="key")
app.add_typer(token.app, name="token")
app.command()(schema.schema)
app.command(hidden=True)(prepare.prepare)


def main() -> None:
    """The entry point of the console script."""
    app()
