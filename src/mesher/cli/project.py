"""``mesher project``: list, make and delete projects."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Annotated

import typer

from mesher.cli.database import chosen_database
from mesher.cli.options import DataDir
from mesher.cli.tenants import (
    OrganizationName,
    operator,
    organization_called,
    project_called,
    writing_to,
)
from mesher.ids import OrgId
from mesher.settings import load_settings

if TYPE_CHECKING:  # SQLAlchemy is loaded when a command runs: see the package
    from mesher.types import Project

app = typer.Typer(help="List, make and delete projects.", no_args_is_help=True)


@app.command("list")
def list_projects(*, organization: OrganizationName = None, data_dir: DataDir = None) -> None:
    """Show the projects of an organisation: number, slug or uuid, and name, oldest first."""
    database_url = chosen_database(load_settings(os.environ, data_dir=data_dir))
    for project in asyncio.run(_list(database_url, organization)):
        typer.echo(f"{project.number}\t{project.slug or project.id}\t{project.name}")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="As people will see it.")],
    *,
    organization: OrganizationName = None,
    slug: Annotated[
        str | None, typer.Option(metavar="SLUG", help="For addresses; else made of the name.")
    ] = None,
    platform: Annotated[str | None, typer.Option(help="As in python.")] = None,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Where SDKs reach Mesher: MESHER_URL, else http://HOST:PORT."
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Make a project with a key, and print its slug and its DSN."""
    settings = load_settings(os.environ, data_dir=data_dir, url=url)
    project, dsn = asyncio.run(
        _create(
            chosen_database(settings),
            settings.public_url,
            organization=organization,
            name=name,
            slug=slug,
            platform=platform,
        )
    )
    typer.echo(f"{project.slug}\t{dsn}")


@app.command()
def delete(
    project: Annotated[str, typer.Argument(metavar="SLUG", help="Its slug or uuid.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Delete a project with its issues, events and files. It cannot be undone."""
    database_url = chosen_database(load_settings(os.environ, data_dir=data_dir))
    if not yes:
        typer.confirm(f"Delete the project {project} and all of its data?", abort=True)
    asyncio.run(_delete(database_url, project))
    typer.echo("deleted; its data is removed in the background while Mesher runs")


async def _list(database_url: str, slug: str | None) -> list[Project]:
    from mesher.storage.projects import list_projects_of  # noqa: PLC0415 - see the package

    async with writing_to(database_url) as conn:
        return await list_projects_of(conn, await organization_called(conn, slug))


async def _create(
    database_url: str,
    public_url: str,
    *,
    organization: str | None,
    name: str,
    slug: str | None,
    platform: str | None,
) -> tuple[Project, str]:
    from mesher.accounts.projects import create_project  # noqa: PLC0415 - see the package
    from mesher.protocol.auth import format_dsn  # noqa: PLC0415 - see the package
    from mesher.storage.projects import list_active_keys  # noqa: PLC0415 - see the package

    async with writing_to(database_url) as conn:
        org_id = OrgId((await organization_called(conn, organization)).id)
        project = await create_project(
            conn, operator(), org_id, name=name, slug=slug, platform=platform
        )
        [key] = await list_active_keys(conn, project)
    dsn = format_dsn(public_url, public_key=key.key_value, project_number=project.number)
    return project, dsn


async def _delete(database_url: str, reference: str) -> None:
    from mesher.accounts.projects import delete_project  # noqa: PLC0415 - see the package

    async with writing_to(database_url) as conn:
        await delete_project(conn, operator(), await project_called(conn, reference))
