"""Which database a command works on."""

from __future__ import annotations

from mesher.errors import SetupError
from mesher.settings import Settings


def given_database(settings: Settings) -> str:
    """
    The URL of MESHER_DATABASE_URL, for commands that prepare a database of one's own.

    Raises:
        SetupError: none is given.
    """
    if not settings.database_url:
        raise SetupError(
            "no database is given",
            hint="set MESHER_DATABASE_URL to postgresql://user:password@host:5432/database, "
            "or run `mesher up`, which brings its own PostgreSQL and migrates it",
        )
    return settings.database_url


def chosen_database(settings: Settings) -> str:
    """
    The URL of MESHER_DATABASE_URL, else that of the PostgreSQL in the data directory.

    Raises:
        SetupError: there is neither.
    """
    if settings.database_url:
        return settings.database_url
    if not (settings.data_dir / "postgres" / "data").exists():
        raise SetupError(
            f"no database is given, and {settings.data_dir} holds none",
            hint="set MESHER_DATABASE_URL, or name the directory of `mesher up` with --data-dir "
            "or MESHER_DATA_DIR",
        )
    from mesher.embedded_postgres import EmbeddedPostgres  # noqa: PLC0415 - see the package

    return EmbeddedPostgres(settings.data_dir).database_url
