"""What ``mesher up`` tells once requests are served: to people, and to programs."""

from __future__ import annotations

from pathlib import Path

import msgspec
from rich.console import Console

from mesher.errors import SetupError
from mesher.private_file import write_private_file
from mesher.protocol.auth import format_dsn
from mesher.settings import Settings

_SNIPPET = """\
import sentry_sdk

sentry_sdk.init(dsn="{dsn}")
1 / 0"""


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """``accounts.first_run.FirstProject`` as ``mesher prepare`` prints it."""

    project_id: str
    project_number: int
    public_key: str | None
    email: str | None
    password: str | None
    api_token: str | None


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """
    The ready file. A value that is not known here, or was changed since the first start, is null.
    """

    url: str
    dsn: str | None = None
    project_id: str | None = None
    project_number: int | None = None
    email: str | None = None
    password: str | None = None
    api_token: str | None = None
    database_url: str


def compose_ready(settings: Settings, login: Login | None) -> Ready:
    """Put together what is told, for the address that Mesher now has."""
    url, database_url = settings.public_url, settings.database_url
    if login is None:
        return Ready(url=url, database_url=database_url)
    dsn = login.public_key and format_dsn(
        url, public_key=login.public_key, project_number=login.project_number
    )
    return Ready(
        url=url,
        dsn=dsn,
        project_id=login.project_id,
        project_number=login.project_number,
        email=login.email,
        password=login.password,
        api_token=login.api_token,
        database_url=database_url,
    )


def show_ready(ready: Ready, data_dir: Path) -> None:
    """Print it for people; also readable, and without colours, in a file or pipe."""
    # Long values stay on one line: they are there to be copied.
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"\n[bold green]Mesher is running[/] at [bold]{ready.url}[/]\n")
    if ready.email and ready.password:
        console.print(f"  E-mail    {ready.email}\n  Password  {ready.password}")
    else:
        console.print("  Log in with your account.")
    if ready.dsn:
        console.print(f"  DSN       {ready.dsn}\n")
        console.print(
            "A first error: [bold]pip install sentry-sdk[/], then run this Python file:\n"
        )
        console.print(_SNIPPET.format(dsn=ready.dsn), markup=False)
    console.print(f"\nEverything is kept in {data_dir}. Ctrl-C stops Mesher.\n")


def write_ready_file(path: Path, ready: Ready) -> None:
    """
    Write it for programs: as a whole, readable for its owner alone.

    Raises:
        SetupError: the file cannot be written.
    """
    try:
        write_private_file(path, msgspec.json.format(msgspec.json.encode(ready).decode()) + "\n")
    except OSError as error:
        raise unwritable(path, error) from error


def remove_ready_file(path: Path) -> None:
    """
    Remove that of an earlier run, which whoever waits for it would take for this one.

    Raises:
        SetupError: it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> SetupError:
    """The error for a ready file in a wrong place."""
    return SetupError(
        f"the ready file {path} cannot be written: {error.strerror}",
        hint="give --ready-file a file in a folder that exists and can be written to",
    )
