"""``mesher person``: what is stored of one person in a project."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mesher.cli.options import DataDir
from mesher.cli.privacy import ProjectName, actor, connected_to_project
from mesher.errors import SetupError

if TYPE_CHECKING:  # psycopg is loaded when a command runs: see the package
    import uuid

    from mesher.storage.persons import Person

app = typer.Typer(help="Find, export and erase what is stored of a person.", no_args_is_help=True)

UserId = Annotated[str | None, typer.Option("--id", help="The user's id, as the SDK sends it.")]
Email = Annotated[str | None, typer.Option(help="The user's e-mail, in any case.")]
Address = Annotated[str | None, typer.Option(help="The user's IP address.")]


@app.command()
def find(
    project: ProjectName,
    *,
    user_id: UserId = None,
    email: Email = None,
    address: Address = None,
    data_dir: DataDir = None,
) -> None:
    """Show how much is stored of a person."""
    from mesher.privacy.persons import find_person  # noqa: PLC0415 - see the package

    with connected_to_project(data_dir, project) as (conn, project_id):
        person = _person(project_id, user_id, email, address)
        found = find_person(conn, person, actor=actor())
    typer.echo(
        f"{found.events} events in {len(found.issues)} issues, {found.attachments} attachments,"
        f" {found.feedback} feedback"
    )
    if found.first_received_at and found.last_received_at:
        typer.echo(
            f"received from {found.first_received_at:%Y-%m-%d %H:%M:%S}"
            f" to {found.last_received_at:%Y-%m-%d %H:%M:%S} UTC"
        )


@app.command()
def export(
    project: ProjectName,
    output: Annotated[Path, typer.Option(metavar="FILE", help="A new file, person.jsonl.gz.")],
    *,
    user_id: UserId = None,
    email: Email = None,
    address: Address = None,
    data_dir: DataDir = None,
) -> None:
    """Write all that is stored of a person to a file: lines of JSON, compressed with gzip."""
    from mesher.privacy.persons import export_person  # noqa: PLC0415 - see the package

    with connected_to_project(data_dir, project) as (conn, project_id):
        person = _person(project_id, user_id, email, address)
        try:
            descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise SetupError(
                f"{output} cannot be made: {error.strerror}", hint="name a file that is not there"
            ) from error
        with os.fdopen(descriptor, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb") as file:
            for lines in export_person(conn, person, actor=actor()):
                file.write(lines)
    typer.echo(f"written to {output}")


@app.command()
def erase(
    project: ProjectName,
    *,
    user_id: UserId = None,
    email: Email = None,
    address: Address = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Remove all that is stored of a person; the counts of issues stay."""
    from mesher.privacy.persons import erase_person  # noqa: PLC0415 - see the package

    with connected_to_project(data_dir, project) as (conn, project_id):
        person = _person(project_id, user_id, email, address)
        if not yes:
            typer.confirm(f"Erase everything of the {person.kind} {person.value}?", abort=True)
        erased = erase_person(conn, person, actor=actor())
    typer.echo(
        f"erased: {erased.events} events, {erased.attachments} attachments,"
        f" {erased.feedback} feedback; {erased.issues} issues renamed"
    )


@app.command()
def actions(
    project: ProjectName,
    *,
    user_id: UserId = None,
    email: Email = None,
    address: Address = None,
    data_dir: DataDir = None,
) -> None:
    """Show who found, exported, erased or scrubbed; of one person where one is named."""
    from rich.console import Console  # noqa: PLC0415 - see the package
    from rich.table import Table  # noqa: PLC0415 - see the package
    from rich.text import Text  # noqa: PLC0415 - see the package

    from mesher.privacy.record import list_recorded  # noqa: PLC0415 - see the package

    table = Table(
        "when (UTC)", "action", "by", "of", "events", "feedback", "files", "issues", "end"
    )
    with connected_to_project(data_dir, project) as (conn, project_id):
        is_named = any(text is not None for text in (user_id, email, address))
        person = _person(project_id, user_id, email, address) if is_named else None
        for one in list_recorded(conn, project_id, person):
            table.add_row(
                f"{one.began_at:%Y-%m-%d %H:%M:%S}",
                one.action,
                Text(one.actor),  # a name that people give: no markup
                one.subject_kind or "",
                *map(str, (one.events, one.feedback, one.attachments, one.issues)),
                "yes" if one.finished_at else "no",
            )
    Console().print(table)


def _person(
    project_id: uuid.UUID, user_id: str | None, email: str | None, address: str | None
) -> Person:
    from mesher.privacy.persons import person_of  # noqa: PLC0415 - see the package

    return person_of(project_id, user_id=user_id, email=email, address=address)
