"""
The versioned migrations, run by Alembic from inside the installed package.

A revision's identifier is its file's name, ``YYYYMMDDHHMMSS_what_it_does``; history is one line.
Whatever is asked for runs in one transaction under one lock, so a failure changes nothing, and of
two nodes that migrate at once the second finds the work done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.pool import NullPool

from mesher.errors import Conflict, SetupError
from mesher.storage.connection import connect, connection_string
from mesher.storage.schema_version import current_revision, known_revisions

FOLDER = Path(__file__).parent
# Every process that migrates takes it. The number means nothing but itself.
_ADVISORY_LOCK = 0x6D65_7368_0001
_NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


@dataclass(frozen=True, kw_only=True)
class Status:
    """Where a database stands."""

    current: str | None  # None: nothing was migrated yet
    pending: list[str]  # the revisions that `mesher migrate up` would apply, oldest first


def status(database_url: str) -> Status:
    """
    Tell the revision of a database and what it lacks.

    Raises:
        SetupError: the database cannot be reached.
    """
    with _reachable(), connect(database_url, application_name="mesher-migrate") as conn:
        current = current_revision(conn)
    return Status(
        current=current,
        pending=[revision for revision in known_revisions() if revision > (current or "")],
    )


def upgrade(database_url: str) -> list[str]:
    """
    Bring a database to the newest revision.

    Returns:
        The revisions that were applied, in order; empty when there was nothing to do.

    Raises:
        SetupError: the database cannot be reached, or is at a revision that is not known here.
    """
    with _migrating(database_url) as config:
        command.upgrade(config, "head")
        return _applied(config)


def downgrade(
    database_url: str, revision: str = "base", *, discard_data: bool = False
) -> list[str]:
    """
    Take migrations back until the database is at ``revision``.

    Args:
        revision: a revision's identifier, or ``base`` for an empty database.
        discard_data: do so although the database holds projects.

    Returns:
        The revisions that were taken back, in order.

    Raises:
        Conflict: the database holds projects; says what would be lost.
        SetupError: as ``upgrade``; or there is no such revision.
    """
    with _migrating(database_url) as config:
        if not discard_data:
            _refuse_to_lose_projects(_connection(config), revision)
        command.downgrade(config, revision)
        return _applied(config)


def generate(database_url: str, name: str, *, now: datetime, folder: Path = FOLDER) -> Path:
    """
    Write a migration with the difference between the declared types and a migrated database.

    Args:
        name: what it does, as ``add_releases``.
        now: the time that its identifier begins with.
        folder: the Alembic environment to add it to.

    Returns:
        The new file, to be read and completed by a person.

    Raises:
        SetupError: the name does not fit, the folder cannot be written to, or the database is not at
            the newest revision.
    """
    if not _NAME.fullmatch(name):
        raise SetupError(
            f"{name!r} cannot be the name of a migration",
            hint="use lower-case words with underscores, as add_releases",
        )
    revision = f"{now:%Y%m%d%H%M%S}_{name}"
    with _migrating(database_url, folder) as config:
        command.revision(config, name.replace("_", " "), autogenerate=True, rev_id=revision)
    return folder / "versions" / f"{revision}.py"


@contextmanager
def _migrating(database_url: str, folder: Path = FOLDER) -> Iterator[Config]:
    """An Alembic configuration over a transaction that holds the lock; committed at the end."""
    parameters = connection_string(database_url, application_name="mesher-migrate")
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(parameters), poolclass=NullPool
    )
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s")
    with _reachable(), engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
        config.attributes |= {"connection": connection, "applied": []}
        yield config


def _connection(config: Config) -> sqlalchemy.Connection:
    connection = config.attributes["connection"]
    assert isinstance(connection, sqlalchemy.Connection)  # noqa: S101 - _migrating put it there
    return connection


def _applied(config: Config) -> list[str]:
    return list(config.attributes["applied"])


@contextmanager
def _reachable() -> Iterator[None]:
    """Translate what Alembic, SQLAlchemy and the driver raise."""
    try:
        yield
    except CommandError as error:
        raise SetupError(
            f"the migration cannot be run: {error}",
            hint="`mesher migrate status` shows where the database stands",
        ) from error
    except OSError as error:
        raise SetupError(
            f"{error.filename} cannot be written: {error.strerror}",
            hint="migrations are written in a checkout of Mesher's source",
        ) from error
    except (psycopg.Error, sqlalchemy.exc.DBAPIError) as error:
        cause = str(getattr(error, "orig", error)).strip()
        raise SetupError(
            f"the database cannot be used: {cause}",
            hint="check MESHER_DATABASE_URL, that the server runs, and that the role owns the database",
        ) from error


def _refuse_to_lose_projects(connection: sqlalchemy.Connection, revision: str) -> None:
    if connection.scalar(text("SELECT to_regclass('projects') IS NULL")):
        return
    projects = connection.scalars(text("SELECT name FROM projects ORDER BY created_at")).all()
    if not projects:
        return
    issues = connection.scalar(text("SELECT count(*) FROM issues"))
    named = ", ".join(projects[:5]) + (", …" if len(projects) > 5 else "")
    raise Conflict(
        f"going down to {revision} deletes data of the projects {named} ({len(projects)} in all): {issues} issues"
        " and all their events",
        hint="take a backup with pg_dump, then add --yes",
    )
