"""Whether this process answers, and whether it can do all of its work."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import psycopg
from litestar import Request

from mesher.errors import MesherError, Unavailable
from mesher.resources import resources_of
from mesher.storage.connection import connect
from mesher.storage.schema_version import check_schema

# How soon a probe may ask again.
_RETRY_AFTER_SECONDS = 5


class Health(msgspec.Struct, frozen=True):
    """The answer to a probe."""

    status: str = "ok"


async def get_live() -> Health:
    """The process answers."""
    return Health()


async def get_ready(request: Request[Any, Any, Any]) -> Health:
    """
    The database answers and its schema is the one that this Mesher needs.

    Raises:
        Unavailable: it is not so; receiving goes on all the same.
    """
    try:
        await asyncio.to_thread(_check, resources_of(request).database_url)
    except MesherError as error:
        raise Unavailable(
            error.message, hint=error.hint, retry_after_seconds=_RETRY_AFTER_SECONDS
        ) from error
    except psycopg.Error as error:
        raise Unavailable(
            "the database cannot be reached", retry_after_seconds=_RETRY_AFTER_SECONDS
        ) from error
    return Health()


def _check(database_url: str) -> None:
    with connect(database_url, application_name="mesher-health") as conn:
        check_schema(conn)
