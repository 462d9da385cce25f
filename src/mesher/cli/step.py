"""A step of ``up`` or ``serve`` that needs the database, done by a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import typer

from mesher.processes import tied_to_parent
from mesher.settings import Settings, settings_to_environ


def run_step(ctx: typer.Context, command: str, settings: Settings) -> bytes:
    """
    Run another command of ours to its end; its memory (Alembic, SQLAlchemy) goes with it.

    Returns:
        What it wrote to stdout. Its errors go to our stderr as they are.

    Raises:
        typer.Exit: it failed, and has said why.
    """
    verbose = ["-v"] if ctx.find_root().params["verbose"] else []
    done = subprocess.run(  # noqa: S603 - an argument list that we built, no shell text
        tied_to_parent(
            [sys.executable, "-m", "mesher", *verbose, command], on_parent_death=signal.SIGTERM
        ),
        env=settings_to_environ(settings, os.environ),
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise typer.Exit(1)
    return done.stdout
