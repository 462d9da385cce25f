"""``mesher organization``: the tenants of this Mesher."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Annotated

import typer

from mesher.cli.database import chosen_database
from mesher.cli.options import DataDir
from mesher.cli.tenants import operator, writing_to
from mesher.errors import NotFound
from mesher.settings import load_settings

if TYPE_CHECKING:  # SQLAlchemy is loaded when a command runs: see the package
    from mesher.types import Organization

app = typer.Typer(help="List and make organisations.", no_args_is_help=True)


@app.command("list")
def list_organizations(*, data_dir: DataDir = None) -> None:
    """Show all organisations: slug and name, oldest first."""
    database_url = chosen_database(load_settings(os.environ, data_dir=data_dir))
    for organization in asyncio.run(_list(database_url)):
        typer.echo(f"{organization.slug}\t{organization.name}")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="As people will see it.")],
    *,
    owner: Annotated[
        str, typer.Option(metavar="EMAIL", help="Its first owner, who has an account.")
    ],
    slug: Annotated[
        str | None, typer.Option(metavar="SLUG", help="For addresses; else made of the name.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Make an organisation and print its slug."""
    database_url = chosen_database(load_settings(os.environ, data_dir=data_dir))
    typer.echo(asyncio.run(_create(database_url, name, owner, slug)))


async def _list(database_url: str) -> list[Organization]:
    from mesher.storage.organizations import list_all  # noqa: PLC0415 - see the package

    async with writing_to(database_url) as conn:
        return await list_all(conn)


async def _create(database_url: str, name: str, owner: str, slug: str | None) -> str:
    from mesher.accounts.organizations import create_organization  # noqa: PLC0415 - see the package
    from mesher.accounts.sessions import normal_email  # noqa: PLC0415 - see the package
    from mesher.storage.users import find_credentials  # noqa: PLC0415 - see the package

    async with writing_to(database_url) as conn:
        account = await find_credentials(conn, normal_email(owner))
        if account is None:
            raise NotFound(f"nobody has an account with the e-mail {owner!r}")
        made = await create_organization(
            conn, operator(), name=name, slug=slug, owner=account.user_id
        )
        return made.slug
