"""
The process that reads uploaded files: queries on stdin, answers on stdout.

    python -m mesher.symbolicator        MESHER_DATABASE_URL names the database

Both directions carry messages of four bytes of length, big-endian, and MessagePack; the first on stdout
is empty and says that it is ready. It is a process of
its own because source maps are large: what reading one takes is bounded here, and whoever asks can
end it when it takes too long. It ends when its stdin does, and so with the process that asks.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from typing import IO

import msgspec
import psycopg

from mesher.storage.connection import connect
from mesher.storage.shelf import DatabaseShelf
from mesher.symbolication.messages import read_message, write_message
from mesher.symbolication.queries import Answer, Query
from mesher.symbolication.resolver import Resolver

# Address space. The largest map that is read takes 950 MB, the library and its files 250.
MEMORY_BYTES = 1536 * 1024**2


def main() -> None:
    """Answer until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks decides when this ends
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    with connect(os.environ["MESHER_DATABASE_URL"], application_name="mesher-symbolicator") as conn:
        serve(conn, sys.stdin.buffer, sys.stdout.buffer)


def serve(conn: psycopg.Connection, queries: IO[bytes], answers: IO[bytes]) -> None:
    """
    Answer queries in their order.

    Raises:
        psycopg.Error: the database is away; a process that is started anew finds it again.
        MemoryError: a file takes more than this process may.
    """
    decode = msgspec.msgpack.Decoder(Query).decode
    resolver = Resolver(DatabaseShelf(conn))
    write_message(answers, b"")
    while (message := read_message(queries)) is not None:
        answer: Answer = resolver.answer(decode(message))
        write_message(answers, msgspec.msgpack.encode(answer))


if __name__ == "__main__":
    main()
