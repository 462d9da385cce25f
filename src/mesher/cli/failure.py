"""How the command line says that something failed."""

from __future__ import annotations

import traceback

import typer

from mesher.errors import MesherError


def show_failure(error: MesherError, *, verbose: bool) -> None:
    """
    Print to stderr what happened, why, and what to do.

        error: the database cannot be reached
        because: connection to server at "db" (10.0.0.5), port 5432 failed: Connection refused
        what to do: check MESHER_DATABASE_URL, and that the server runs

    Args:
        verbose: print the traceback before it.
    """
    if verbose:
        typer.echo("".join(traceback.format_exception(error)), err=True)
    _say("error", error.message, colour="red")
    for cause in _causes(error):
        _say("because", cause, colour="yellow")
    if error.hint:
        _say("what to do", error.hint, colour="green")


def _causes(error: MesherError) -> list[str]:
    """What was raised before, outermost first, without what the message before it says already."""
    said = error.message
    causes: list[str] = []
    cause = error.__cause__
    while cause is not None:
        text = " ".join(str(cause).split()) or type(cause).__name__
        if text not in said and not (isinstance(cause, OSError) and str(cause.strerror) in said):
            causes.append(text)
            said = text
        cause = cause.__cause__
    return causes


def _say(what: str, text: str, *, colour: str) -> None:
    typer.secho(f"{what}: ", fg=colour, err=True, nl=False)
    typer.echo(text, err=True)
