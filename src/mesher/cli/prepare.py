"""The step of ``mesher up`` between the database and the processes: not meant for people."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import msgspec

from mesher.private_file import write_private_file
from mesher.settings import load_settings


def prepare() -> None:
    """Migrate the database, make a first project, and print its login as JSON."""
    from mesher.migrations import upgrade  # noqa: PLC0415 - see the package

    settings = load_settings(os.environ)
    upgrade(settings.database_url)
    login = asyncio.run(_first_login(settings.database_url, settings.data_dir / "first-login.json"))
    sys.stdout.buffer.write(login)


async def _first_login(database_url: str, path: Path) -> bytes:
    """
    The login of the first project, made now or kept from the first start, as JSON.

    Returns:
        ``null``: the organisation was made by somebody else, and its secrets are not known here.
        Secrets that were changed since are ``null`` inside.
    """
    from mesher.accounts.first_run import (  # noqa: PLC0415 - see the package
        FirstProject,
        ensure_first_project,
        verify_first_login,
    )
    from mesher.storage.database import create_engine  # noqa: PLC0415 - see the package

    def keep(login: FirstProject) -> None:
        write_private_file(path, msgspec.json.encode(login).decode())

    engine = create_engine(database_url, pool_size=1)
    try:
        login = await ensure_first_project(engine, keep)
        if login is None and (kept := _read(path)) is not None:
            login = await verify_first_login(engine, msgspec.json.decode(kept, type=FirstProject))
        return msgspec.json.encode(login)
    finally:
        await engine.dispose()


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
