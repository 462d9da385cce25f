"""``mesher key``: the keys with which a project takes events."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from mesher.cli.database import chosen_database
from mesher.cli.options import DataDir
from mesher.cli.tenants import operator, project_called, writing_to
from mesher.errors import NotFound
from mesher.ids import parse_uuid
from mesher.settings import load_settings

if TYPE_CHECKING:  # SQLAlchemy is loaded when a command runs: see the package
    from mesher.types import ApiKey

app = typer.Typer(help="List, make and revoke the keys of a project.", no_args_is_help=True)

ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="Its slug or uuid.")]


@app.command("list")
def list_keys(project: ProjectArgument, *, data_dir: DataDir = None) -> None:
    """Show the keys of a project: id, key, whether it is valid, and label, oldest first."""
    database_url = chosen_database(load_settings(os.environ, data_dir=data_dir))
    for key in asyncio.run(_list(database_url, project)):
        typer.echo(f"{key.id}\t{key.key_value}\t{_state(key)}\t{key.label}")


@app.command()
def create(
    project: ProjectArgument,
    label: Annotated[str, typer.Argument(help="You will know it again by this.")],
    *,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Where SDKs reach Mesher: MESHER_URL, else http://HOST:PORT."
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Make a key and print the DSN that carries it."""
    settings = load_settings(os.environ, data_dir=data_dir, url=url)
    database_url = chosen_database(settings)
    typer.echo(asyncio.run(_create(database_url, settings.public_url, project, label)))


@app.command()
def revoke(
    project: ProjectArgument,
    key: Annotated[str, typer.Argument(metavar="ID", help="As `mesher key list` shows it.")],
    *,
    data_dir: DataDir = None,
) -> None:
    """Let a key take events no more, within a second or two."""
    database_url = chosen_database(load_settings(os.environ, data_dir=data_dir))
    asyncio.run(_revoke(database_url, project, key))
    typer.echo("revoked")


def _state(key: ApiKey) -> str:
    if key.revoked_at is None:
        return "valid"
    verb = "revoked" if key.revoked_at <= datetime.now(UTC) else "valid until"
    return f"{verb} {key.revoked_at:%Y-%m-%d %H:%M:%S} UTC"


async def _list(database_url: str, reference: str) -> list[ApiKey]:
    from mesher.storage.api_keys import list_keys as list_page  # noqa: PLC0415 - see the package
    from mesher.storage.pages import MAX_PAGE_ROWS  # noqa: PLC0415 - see the package

    found: list[ApiKey] = []
    async with writing_to(database_url) as conn:
        project = await project_called(conn, reference)
        page = await list_page(conn, project, limit=MAX_PAGE_ROWS, cursor=None)
        found += page.items
        while page.next_cursor is not None:
            page = await list_page(conn, project, limit=MAX_PAGE_ROWS, cursor=page.next_cursor)
            found += page.items
    return found


async def _create(database_url: str, public_url: str, reference: str, label: str) -> str:
    from mesher.accounts.keys import create_key  # noqa: PLC0415 - see the package
    from mesher.protocol.auth import format_dsn  # noqa: PLC0415 - see the package

    async with writing_to(database_url) as conn:
        project = await project_called(conn, reference)
        key = await create_key(conn, operator(), project, label=label)
    return format_dsn(public_url, public_key=key.key_value, project_number=project.number)


async def _revoke(database_url: str, reference: str, key_id: str) -> None:
    from mesher.accounts.keys import revoke_key  # noqa: PLC0415 - see the package

    parsed = parse_uuid(key_id)
    if parsed is None:
        raise NotFound(f"{key_id!r} is no id of a key", hint="see `mesher key list`")
    async with writing_to(database_url) as conn:
        project = await project_called(conn, reference)
        await revoke_key(conn, operator(), project, parsed, now=datetime.now(UTC))
