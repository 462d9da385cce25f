"""
A Bugsink of its own for a comparison, as its guide for production on a single server sets it up:
SQLite, two Gunicorn workers, and Snappea, which digests
(https://www.bugsink.com/docs/single-server-production/).

Its limits of events per project and in all, a thousand in five minutes, are raised, and so is the
number of events that a project keeps: with them the comparison would measure refusals and evictions.
There is no proxy in front, which would take a part of its time; what a proxy does for it the load does
(``behind_proxy``). And it does not report its use to its makers.
"""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError

from mesher_up import ordinary_environ

START_SECONDS = 60.0
POLL_SECONDS = 0.1
# Above what any run sends.
UNLIMITED = 1_000_000_000
_LIMITS = [
    f"MAX_EVENTS_PER{scope}_{period}"
    for scope in ("", "_PROJECT_PER")
    for period in ("5_MINUTES", "HOUR", "MONTH")
]
_MAKE_PROJECT = f"""
from projects.models import Project
project = Project.objects.create(
    name="benchmark", slug="benchmark", retention_max_event_count={UNLIMITED}
)
print(project.id, project.sentry_key.hex)
"""
_GUNICORN = [
    "--workers=2",
    "--timeout=6",
    "--access-logfile=-",
    "--max-requests=1000",
    "--max-requests-jitter=100",
    "bugsink.wsgi",
]


class Bugsink(NamedTuple):
    """A Bugsink that runs."""

    dsn: str
    database: sqlite3.Connection

    def count_stored(self) -> int:
        """Events that can be queried."""
        row = self.database.execute("SELECT count(*) FROM events_event").fetchone()
        return int(row[0])


def install_bugsink(environment: Path) -> str:
    """Install the newest Bugsink for this Python, if it is not there yet; its version."""
    if not (environment / "bin" / "bugsink-manage").exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(environment / "bin" / "pip"), "install", "--quiet", "bugsink"]
        subprocess.run(pip, check=True)
    show = "from importlib.metadata import version; print(version('bugsink'))"
    return _output([environment / "bin" / "python", "-c", show], Path.cwd())


@contextlib.contextmanager
def started_bugsink(environment: Path, folder: Path) -> Iterator[Bugsink]:
    """Set a Bugsink up in a folder, run it on a free port, and stop it."""
    binaries = environment / "bin"
    _configure(binaries, folder)
    project, key = _output(
        [binaries / "bugsink-manage", "shell", "-c", _MAKE_PROJECT], folder
    ).split()[-2:]
    address = f"127.0.0.1:{_free_port()}"
    commands = [
        [str(binaries / "gunicorn"), f"--bind={address}", *_GUNICORN],
        [str(binaries / "bugsink-runsnappea")],
    ]
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((folder / "log").open("wb"))
        for command in commands:
            process = subprocess.Popen(
                command, cwd=folder, env=_environ(folder), stdout=log, stderr=log
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
        _wait_until_ready(f"http://{address}/health/ready", folder / "log")
        database = sqlite3.connect(f"{(folder / 'db.sqlite3').as_uri()}?mode=ro", uri=True)
        stack.callback(database.close)
        yield Bugsink(f"http://{key}@{address}/{project}", database)


def _configure(binaries: Path, folder: Path) -> None:
    folder.mkdir()
    make = ["--template=singleserver", "--host=127.0.0.1", f"--base-dir={folder}"]
    _output([binaries / "bugsink-create-conf", *make], folder)
    changes = dict.fromkeys(_LIMITS, UNLIMITED) | {"PHONEHOME": False}
    with (folder / "bugsink_conf.py").open("a", encoding="utf-8") as configuration:
        configuration.write(f"\nBUGSINK.update({changes!r})\n")
    _output([binaries / "bugsink-manage", "migrate"], folder)
    _output([binaries / "bugsink-manage", "migrate", "snappea", "--database=snappea"], folder)


def _environ(home: Path) -> dict[str, str]:
    return ordinary_environ() | {"PYTHONUNBUFFERED": "1", "HOME": str(home)}


def _output(command: list[str | Path], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, env=_environ(folder), check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_until_ready(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url):  # noqa: S310 - our own address
                return
        except URLError as error:
            if time.monotonic() > deadline:
                sys.exit(f"Bugsink did not start: {error}\n{log.read_text('utf-8')}")
        time.sleep(POLL_SECONDS)
