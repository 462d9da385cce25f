"""How long a search may take."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg.errors
import sqlalchemy.exc
from sqlalchemy import text

from mesher.errors import ProtocolError
from mesher.storage.database import ReadConnection

# People wait no longer, and one search must not hold a connection that others need.
SEARCH_SECONDS = 5

_LIMIT = text(f"SET LOCAL statement_timeout = '{SEARCH_SECONDS}s'")
_UNLIMIT = text("SET LOCAL statement_timeout TO DEFAULT")


class SlowSearch(ProtocolError):
    """A search that took too long; the transaction is of no use any more."""

    code = "search_too_slow"


@asynccontextmanager
async def limited_time(conn: ReadConnection) -> AsyncIterator[None]:
    """
    Within, statements end after ``SEARCH_SECONDS``; the limit stays until the transaction ends.

    Raises:
        SlowSearch: one took longer.
    """
    await conn.execute(_LIMIT)
    try:
        yield
    except sqlalchemy.exc.OperationalError as error:
        if not isinstance(error.orig, psycopg.errors.QueryCanceled):
            raise
        raise SlowSearch(
            f"the search took longer than {SEARCH_SECONDS} seconds",
            field="query",
            hint="ask for a shorter time, or for a tag, release or environment as a whole",
        ) from error


async def end_time_limit(conn: ReadConnection) -> None:
    """Let what comes after a search in its transaction take as long as it needs."""
    await conn.execute(_UNLIMIT)
