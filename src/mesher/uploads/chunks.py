"""Keeps the chunks of a form, in a thread: hashing and copying megabytes is not for the event loop."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import closing

import psycopg
from psycopg.rows import TupleRow

from mesher.errors import ProtocolError, Unavailable
from mesher.ids import OrgId
from mesher.protocol.encoding import decode_body
from mesher.storage.connection import connect
from mesher.storage.upload_chunks import insert_chunk
from mesher.uploads.form import CHUNK_BYTES, ChunkForm, ChunkPart

# A restarted server is back within seconds; clients try again after a 503 by themselves.
RETRY_AFTER_SECONDS = 5
APPLICATION_NAME = "mesher-uploads"


async def keep_chunks(
    database_url: str, org_id: OrgId, content_type: str, body: AsyncIterator[bytes]
) -> int:
    """
    Keep the chunks of a form while it arrives.

    Args:
        database_url: a connection of its own is opened, since this may take minutes.
        org_id: whose chunks they are.
        content_type: of the request.
        body: its pieces.

    Returns:
        How many there were. Where an error ends it, those before are kept: they are right.

    Raises:
        ProtocolError, TooLarge, UnsupportedEncoding: the form is not one of chunks, or a chunk is
            not what its name says.
        Unavailable: the database cannot be reached.
    """
    form = ChunkForm(content_type)
    count = 0
    try:
        conn = await asyncio.to_thread(connect, database_url, application_name=APPLICATION_NAME)
        with closing(conn):
            async for piece in body:
                for part in form.feed(piece) if piece else ():
                    await asyncio.to_thread(_keep, conn, org_id, part)
                    count += 1
    except psycopg.OperationalError as error:
        raise _database_is_away() from error
    form.end()
    return count


def cut_and_keep(database_url: str, org_id: OrgId, file: bytes) -> list[str]:
    """
    Keep a file that came whole, as the chunks that a client would have cut it into. Blocks.

    Returns:
        Their SHA-1, in the order of the file.

    Raises:
        TooLarge: as ``insert_chunk``.
        Unavailable: the database cannot be reached.
    """
    sha1s = []
    try:
        with closing(connect(database_url, application_name=APPLICATION_NAME)) as conn:
            for begin in range(0, len(file), CHUNK_BYTES):
                data = file[begin : begin + CHUNK_BYTES]
                sha1s.append(hashlib.sha1(data, usedforsecurity=False).hexdigest())
                insert_chunk(conn, org_id, sha1=sha1s[-1], data=data)
    except psycopg.OperationalError as error:
        raise _database_is_away() from error
    return sha1s


def _database_is_away() -> Unavailable:
    return Unavailable("the database cannot be reached", retry_after_seconds=RETRY_AFTER_SECONDS)


def _keep(conn: psycopg.Connection[TupleRow], org_id: OrgId, part: ChunkPart) -> None:
    data = decode_body(part.data, "gzip" if part.is_packed else None, max_bytes=CHUNK_BYTES)
    found = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    if found != part.sha1:
        raise ProtocolError(
            f"the chunk {part.sha1} has the SHA-1 {found}", hint="it was damaged; send it again"
        )
    insert_chunk(conn, org_id, sha1=part.sha1, data=data)
