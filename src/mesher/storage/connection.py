"""
Connections for the processes that need no pool. Apart from ``database``, because SQLAlchemy, which
the digest and jobs processes do not need to run SQL, takes 18 MB in each process that loads it.
"""

from __future__ import annotations

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from mesher.errors import SetupError

# A server that is up accepts in milliseconds; one that does not in this time is away.
CONNECT_SECONDS = 5


def connection_string(database_url: str, *, application_name: str) -> str:
    """
    The connection parameters of a URL, with what all of Mesher's sessions share: times are in UTC,
    and ``pg_stat_activity`` names the process.

    Raises:
        SetupError: the URL cannot be read.
    """
    try:
        given = conninfo_to_dict(database_url)
    except psycopg.ProgrammingError:
        # Not chained: the driver quotes the URL, and with it the password.
        raise SetupError(
            "the database URL cannot be read",
            hint="set MESHER_DATABASE_URL to postgresql://user:password@host:5432/database",
        ) from None
    return make_conninfo(
        database_url,
        application_name=application_name,
        connect_timeout=given.get("connect_timeout") or CONNECT_SECONDS,
        options=f"{given.get('options') or ''} -c TimeZone=UTC".strip(),
    )


def connect(database_url: str, *, application_name: str) -> psycopg.Connection[TupleRow]:
    """
    Open a connection in autocommit mode: transactions are begun with ``conn.transaction()``.

    Raises:
        SetupError: the URL cannot be read.
        psycopg.OperationalError: the server cannot be reached or refuses.
    """
    return psycopg.connect(
        connection_string(database_url, application_name=application_name), autocommit=True
    )
