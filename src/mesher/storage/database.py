"""
The pool of connections that pages and API read and write through.

    async with reading(engine) as conn:    # ReadConnection: PostgreSQL refuses writes
    async with writing(engine) as conn:    # WriteConnection: commits at the end

Functions of ``storage`` say with their first argument which of the two they need; a
``WriteConnection`` may be passed where a ``ReadConnection`` is asked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import NewType

import msgspec
import psycopg
import sqlalchemy.exc
from psycopg.types.json import set_json_dumps, set_json_loads
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mesher import metrics
from mesher.errors import Unavailable
from mesher.storage.connection import connection_string

ReadConnection = NewType("ReadConnection", AsyncConnection)
WriteConnection = NewType("WriteConnection", ReadConnection)

# How long a request waits for a free connection; longer, and people have gone already.
POOL_WAIT_SECONDS = 5.0
# A restarted server is back within seconds.
RETRY_AFTER_SECONDS = 5


def create_engine(
    database_url: str, *, pool_size: int, application_name: str = "mesher-web"
) -> AsyncEngine:
    """
    Make a pool of at most ``pool_size`` connections; none is opened yet.

    Args:
        database_url: of the database.
        pool_size: connections at once; who comes later waits.
        application_name: by which PostgreSQL's views name the connections.

    Raises:
        SetupError: the URL cannot be read.
    """
    parameters = connection_string(database_url, application_name=application_name)

    async def open_connection() -> psycopg.AsyncConnection:
        connection = await psycopg.AsyncConnection.connect(parameters)
        # On the connection: SQLAlchemy's own options for it are not passed to connections made here.
        set_json_dumps(msgspec.json.encode, connection)
        set_json_loads(msgspec.json.decode, connection)
        return connection

    return create_async_engine(
        "postgresql+psycopg://",
        async_creator=open_connection,  # so that libpq alone reads the URL, here as elsewhere
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_pre_ping=True,  # a restart of the server costs no request
    )


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[ReadConnection]:
    """
    A connection in a read-only transaction.

    Raises:
        Unavailable: the database cannot be reached, goes away meanwhile, or gives up on a statement.
    """
    with _database_may_be_away():
        async with engine.connect() as conn:
            await conn.execution_options(postgresql_readonly=True)
            yield ReadConnection(conn)


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[WriteConnection]:
    """
    A connection in a transaction that is committed at the end, and rolled back on an exception.

    Raises:
        Unavailable: as ``reading``; nothing was written, except that a connection that breaks
            during the commit leaves it open.
    """
    with _database_may_be_away():
        async with engine.begin() as conn:
            yield WriteConnection(ReadConnection(conn))


@contextmanager
def _database_may_be_away() -> Iterator[None]:
    try:
        yield
    except (
        sqlalchemy.exc.OperationalError,
        sqlalchemy.exc.InterfaceError,
        sqlalchemy.exc.TimeoutError,
    ) as error:
        metrics.DATABASE_ERRORS.labels("pages").inc()
        raise Unavailable(
            "the database cannot be reached", retry_after_seconds=RETRY_AFTER_SECONDS
        ) from error
