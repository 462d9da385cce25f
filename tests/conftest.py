"""
Databases for tests: one PostgreSQL for the whole run, and for each test a database of its own,
copied from one that was migrated once.
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from mesher import migrations
from mesher.embedded_postgres import EmbeddedPostgres

# A copy of the template takes 0.02 s in memory and 0.3 s on a disk; a whole run stays below this.
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of a random name is made in it
MEMORY_BYTES = 4 * 1024**3


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A server of the embedded build, for this run alone."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES
    with tempfile.TemporaryDirectory(prefix="mesher-", dir=MEMORY if roomy else None) as folder:
        server = EmbeddedPostgres(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> str:
    """The name of a migrated database without rows, which nothing is connected to."""
    migrations.upgrade(postgres.database_url)
    return urlsplit(postgres.database_url).path.lstrip("/")


@pytest.fixture
def database_url(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    """A migrated database without rows."""
    with _database(postgres, template=template) as url:
        yield url


@pytest.fixture
def empty_database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database in which nothing was migrated."""
    with _database(postgres, template="template1") as url:
        yield url


@contextmanager
def _database(postgres: EmbeddedPostgres, *, template: str) -> Iterator[str]:
    owner = urlsplit(postgres.database_url)
    name = f"test_{uuid.uuid4().hex}"
    names = {
        "name": sql.Identifier(name),
        "template": sql.Identifier(template),
        "owner": sql.Identifier(owner.username or ""),
    }
    with psycopg.connect(postgres.superuser_url, autocommit=True) as conn:
        conn.execute(
            sql.SQL(
                "CREATE DATABASE {name} TEMPLATE {template} OWNER {owner} STRATEGY file_copy"
            ).format(**names)
        )
        try:
            yield owner._replace(path=f"/{name}").geturl()
        finally:
            # FORCE: processes that a test killed may not have noticed yet.
            conn.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))
