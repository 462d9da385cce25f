"""What the commands about stored data share: a connection, a project by its name, and who acts."""

from __future__ import annotations

import getpass
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from mesher.cli.database import chosen_database
from mesher.errors import NotFound, SetupError
from mesher.settings import load_settings

if TYPE_CHECKING:  # psycopg is loaded when a command runs: see the package
    from pathlib import Path

    from psycopg import Connection
    from psycopg.rows import TupleRow

ProjectName = Annotated[
    str, typer.Option("--project", metavar="SLUG", help="The project: its slug or uuid.")
]


@contextmanager
def connected_to_project(
    data_dir: Path | None, reference: str
) -> Iterator[tuple[Connection[TupleRow], uuid.UUID]]:
    """
    A connection in autocommit mode, and the id of a project.

    Raises:
        NotFound: no project has this slug or uuid, or several organisations have one.
        SetupError: the database cannot be reached.
    """
    import psycopg  # noqa: PLC0415 - see the package

    from mesher.storage.connection import connect  # noqa: PLC0415 - see the package
    from mesher.storage.projects_by_name import project_ids  # noqa: PLC0415 - see the package

    settings = load_settings(os.environ, data_dir=data_dir)
    try:
        with connect(chosen_database(settings), application_name="mesher-privacy") as conn:
            found = project_ids(conn, reference)
            if len(found) != 1:
                raise NotFound(
                    f"{len(found)} projects are called {reference!r}",
                    hint="name it by the uuid that its pages have in their address",
                )
            yield conn, found[0]
    except psycopg.OperationalError as error:
        raise SetupError(
            "the database cannot be reached", hint="start Mesher, or check MESHER_DATABASE_URL"
        ) from error


def actor() -> str:
    """Who types this, for the record."""
    return f"cli:{getpass.getuser()}"
