"""The servers that migrations are tried on: the embedded build, and the system's PostgreSQL."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mesher.embedded_postgres.account import choose_account
from mesher.processes import end, start, tied_to_parent

START_SECONDS = 20.0


@pytest.fixture(scope="session")
def system_server_url() -> Iterator[str]:
    """A server of the newest PostgreSQL that the system has, with its extensions."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2])
    )
    if not installed:
        pytest.skip("no PostgreSQL in /usr/lib/postgresql (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="mesher-system-"))
    try:
        yield from _serve(installed[-1], folder)
    finally:
        shutil.rmtree(folder)


def _serve(binaries: Path, folder: Path) -> Iterator[str]:
    account = choose_account(folder, binaries)  # PostgreSQL refuses to run as root

    def ours(*command: str) -> list[str]:
        return tied_to_parent(command, on_parent_death=signal.SIGINT, account=account)

    data = str(folder / "data")
    subprocess.run(
        ours(str(binaries / "initdb"), "-D", data, "-U", "postgres", "-A", "trust"),
        cwd="/",
        check=True,
        capture_output=True,
    )
    options = ["-c", f"unix_socket_directories={folder}", "-c", "listen_addresses="]
    server = start(
        ours(str(binaries / "postgres"), "-D", data, *options),
        environ={"LC_ALL": "C"},
        stderr=subprocess.DEVNULL,
    )
    url = f"postgresql://postgres@/postgres?host={folder}&port=5432"
    _wait_for(url)
    yield url
    end(server, by=signal.SIGINT, grace_seconds=START_SECONDS)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.fixture(params=["embedded", "system"])
def unmigrated_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database, on each of the two servers in turn."""
    if request.param == "embedded":
        yield request.getfixturevalue("empty_database_url")
        return
    server = request.getfixturevalue("system_server_url")
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute("CREATE DATABASE migrated")
        try:
            yield server.replace("/postgres?", "/migrated?")
        finally:
            conn.execute("DROP DATABASE migrated WITH (FORCE)")
