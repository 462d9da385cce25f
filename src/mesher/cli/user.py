"""``mesher user``: the accounts of this Mesher, and what helps those who cannot log in."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Annotated

import typer

from mesher.cli.database import chosen_database
from mesher.cli.options import DataDir
from mesher.cli.tenants import operator, writing_to
from mesher.settings import load_settings

if TYPE_CHECKING:  # SQLAlchemy is loaded when a command runs: see the package
    from mesher.types import User

app = typer.Typer(help="List and make accounts; reset passwords.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="With which the person logs in.")]


@app.command("list")
def list_users(*, data_dir: DataDir = None) -> None:
    """Show all accounts: e-mail and name, oldest first."""
    for user in asyncio.run(_list(_database(data_dir))):
        typer.echo(f"{user.email}\t{user.display_name}")


@app.command()
def create(
    email: Email,
    *,
    name: Annotated[str, typer.Option(help="As people will see it; else the e-mail.")] = "",
    data_dir: DataDir = None,
) -> None:
    """Make an account, a member of nothing yet, and print its password."""
    typer.echo(asyncio.run(_create(_database(data_dir), email, name or email)))


@app.command("reset-password")
def reset_password(email: Email, *, data_dir: DataDir = None) -> None:
    """Give an account a new password, end its sessions, and print the password."""
    typer.echo(asyncio.run(_reset(_database(data_dir), email)))


@app.command("reset-second-factor")
def reset_second_factor(email: Email, *, data_dir: DataDir = None) -> None:
    """Let an account log in by its password alone, when phone, recovery codes or passkeys are lost."""
    asyncio.run(_reset_factor(_database(data_dir), email))
    typer.echo(f"{email} logs in by the password alone now")


def _database(data_dir: DataDir) -> str:
    return chosen_database(load_settings(os.environ, data_dir=data_dir))


async def _list(database_url: str) -> list[User]:
    from mesher.storage.users import list_all  # noqa: PLC0415 - see the package

    async with writing_to(database_url) as conn:
        return await list_all(conn)


async def _create(database_url: str, email: str, name: str) -> str:
    from mesher.accounts.account import create_user  # noqa: PLC0415 - see the package

    async with writing_to(database_url) as conn:
        return await create_user(conn, email, name, operator())


async def _reset(database_url: str, email: str) -> str:
    from mesher.accounts.account import reset_password as reset  # noqa: PLC0415 - see the package

    async with writing_to(database_url) as conn:
        return await reset(conn, email, operator())


async def _reset_factor(database_url: str, email: str) -> None:
    from mesher.accounts.account import reset_second_factor as reset  # noqa: PLC0415 - see the package

    async with writing_to(database_url) as conn:
        await reset(conn, email, operator())
