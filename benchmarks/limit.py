"""
What a machine could store at best: the bare loop of inflate, typed parse, compress and COPY.

No HTTP, no journal, no normalising, no grouping: the twenty bodies of ``data`` again and again,
through the same libraries into the same table with all its indexes, in batches and transactions of
the same size. What ``ingest.py`` reaches end to end on the same machine is to be compared with it,
as ``ratio.py`` does.
"""

from __future__ import annotations

import argparse
import contextlib
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import msgspec
import psycopg
import zstandard

from figures import print_runs
from mesher.embedded_postgres import EmbeddedPostgres
from mesher.ingest.digester import MAX_BATCH_RECORDS
from mesher.logs import configure_logging
from mesher.migrations import upgrade
from mesher.protocol.envelope import parse_envelope
from mesher.protocol.event import ExceptionValue
from mesher.storage.connection import connect
from mesher.storage.new_events import NewEvent, copy_events
from mesher.storage.partitions import make_partitions
from mesher_up import temporary_folder
from sdk_requests import Captured, load_captured

PROJECT = uuid.UUID(int=1)
ISSUE = uuid.UUID(int=2)
FINGERPRINT = "0" * 32

compress = zstandard.ZstdCompressor(level=1).compress


class _Exceptions(msgspec.Struct):
    values: list[ExceptionValue]


class Event(msgspec.Struct):
    """Typed where one groups by it; the rest stays JSON."""

    exception: list[ExceptionValue] | _Exceptions | None = None
    contexts: msgspec.Raw = msgspec.Raw()
    breadcrumbs: msgspec.Raw = msgspec.Raw()
    request: msgspec.Raw = msgspec.Raw()
    extra: msgspec.Raw = msgspec.Raw()


parse = msgspec.json.Decoder(Event).decode


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=20_000, help="of one run")
    parser.add_argument("--runs", type=int, default=1)
    arguments = parser.parse_args()
    with temporary_folder() as folder, empty_database(folder) as url:
        rates = [measure_limit(url, arguments.events) for _ in range(arguments.runs)]
    print_runs([{"bare_loop_per_second": rate} for rate in rates])


@contextlib.contextmanager
def empty_database(folder: Path) -> Iterator[str]:
    """The URL of a PostgreSQL of its own, with Mesher's tables and today's partition."""
    configure_logging(level="error", log_format="text", process="benchmark")
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    try:
        upgrade(postgres.database_url)
        with connect(postgres.database_url, application_name="benchmark") as conn:
            make_partitions(conn, datetime.now(UTC).date())
        yield postgres.database_url
    finally:
        postgres.stop()


def measure_limit(database_url: str, events: int) -> float:
    """Events that the bare loop stores a second."""
    source = islice(cycle(load_captured()), events)
    with connect(database_url, application_name="limit") as conn:
        began = time.perf_counter()
        while batch := list(islice(source, MAX_BATCH_RECORDS)):
            copy(conn, [row(*_read(captured)) for captured in batch])
        return round(events / (time.perf_counter() - began))


def copy(conn: psycopg.Connection, rows: Sequence[NewEvent]) -> None:
    """Store rows in a transaction of their own."""
    with conn.transaction():
        copy_events(conn, [(one, ISSUE) for one in rows])


def event_payload(envelope: bytes) -> bytes:
    """The JSON of the event in an envelope."""
    return next(item.payload for item in parse_envelope(envelope).items if item.type == "event")


def _read(captured: Captured) -> tuple[Event, bytes]:
    payload = event_payload(captured.envelope())
    return parse(payload), compress(payload)


def row(event: Event, compressed: bytes) -> NewEvent:
    """The row of an event that nothing more is known of."""
    found = event.exception
    exceptions = found.values if isinstance(found, _Exceptions) else found or []
    return NewEvent(
        id=uuid.uuid4(),
        project_id=PROJECT,
        received_at_us=time.time_ns() // 1000,
        category="error",
        fingerprint=FINGERPRINT,
        title="",
        culprit="",
        platform="",
        grouping=b"{}",
        level="error",
        message=exceptions[-1].value or "" if exceptions else "",
        exception=None,
        stacktrace=None,
        breadcrumbs=None,
        tags=b'{"level":"error","environment":"production"}',
        extra=b"{}",
        user_context=None,
        sdk_name=None,
        sdk_version=None,
        payload=compressed,
    )


if __name__ == "__main__":
    main()
