"""What the commands about organisations, projects and keys share: a transaction, and names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from mesher.cli.privacy import actor
from mesher.errors import NotFound, SetupError

if TYPE_CHECKING:  # SQLAlchemy is loaded when a command runs: see the package
    from mesher.storage.audit_log import Author
    from mesher.storage.database import ReadConnection, WriteConnection
    from mesher.types import Organization, Project

OrganizationName = Annotated[
    str | None,
    typer.Option(
        "--organization", metavar="SLUG", help="Needed where there are several organisations."
    ),
]


@asynccontextmanager
async def writing_to(database_url: str) -> AsyncIterator[WriteConnection]:
    """
    A transaction that is committed at the end.

    Raises:
        Unavailable: the database cannot be reached.
    """
    from mesher.storage.database import create_engine, writing  # noqa: PLC0415 - see the package

    engine = create_engine(database_url, pool_size=1)
    try:
        async with writing(engine) as conn:
            yield conn
    finally:
        await engine.dispose()


async def organization_called(conn: ReadConnection, slug: str | None) -> Organization:
    """
    The organisation with a slug; without one the only organisation.

    Raises:
        SetupError: there is none, or not exactly one.
    """
    from mesher.storage import organizations  # noqa: PLC0415 - see the package

    found = await organizations.list_all(conn)
    chosen = [one for one in found if slug in {None, one.slug}]
    if len(chosen) == 1:
        return chosen[0]
    slugs = ", ".join(one.slug for one in found)
    raise SetupError(
        f"there is no organisation {slug!r}" if slug else "there is not exactly one organisation",
        hint=f"name one with --organization: {slugs}" if slugs else "start Mesher first",
    )


async def project_called(conn: ReadConnection, reference: str) -> Project:
    """
    The project with a slug or uuid, of any organisation.

    Raises:
        NotFound: there is none.
    """
    from mesher.storage.projects import find_any_project  # noqa: PLC0415 - see the package

    project = await find_any_project(conn, reference)
    if project is None:
        raise NotFound(f"there is no project {reference!r}", hint="see `mesher project list`")
    return project


def operator() -> Author:
    """Who types this, for the record."""
    from mesher.storage.audit_log import Author  # noqa: PLC0415 - see the package

    return Author(id=None, name=actor())
