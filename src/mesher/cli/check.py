"""``mesher check``: says what is wrong, and which command fixes it."""

from __future__ import annotations

import os

import typer

from mesher.cli.database import given_database
from mesher.errors import SetupError
from mesher.settings import load_settings


def check() -> None:
    """Tell whether the settings fit and the database of MESHER_DATABASE_URL is ready for this
    version.
    """
    check_database(given_database(load_settings(os.environ)))
    typer.echo("ready: the settings fit, and the database has the schema of this version")


def check_database(database_url: str) -> None:
    """
    Look whether a database can be used as it is.

    Raises:
        SetupError: it cannot be reached, or its schema is not of this version.
    """
    import psycopg  # noqa: PLC0415 - see the package

    from mesher.storage.connection import connect  # noqa: PLC0415 - see the package
    from mesher.storage.schema_version import check_schema  # noqa: PLC0415 - see the package

    try:
        with connect(database_url, application_name="mesher-check") as conn:
            check_schema(conn)
    except psycopg.OperationalError as error:
        raise SetupError(
            "the database cannot be reached",
            hint="check that PostgreSQL runs there, and host, port, user and password in "
            "MESHER_DATABASE_URL",
        ) from error
