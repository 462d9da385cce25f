"""
What a machine could store at best: the bare loop of inflate, typed parse, compress and COPY.

No HTTP, no journal, no normalising, no grouping: the twenty bodies of ``data`` again and again,
through the same libraries into the same table with all its indexes, in batches and transactions of
the same size. What ``ingest.py`` reaches end to end on the same machine is to be compared with it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import msgspec
import psycopg
import zstandard

from mesher.embedded_postgres import EmbeddedPostgres
from mesher.ingest.digester import MAX_BATCH_RECORDS
from mesher.logs import configure_logging
from mesher.migrations import upgrade
from mesher.protocol.encoding import decode_body
from mesher.protocol.envelope import parse_envelope
from mesher.protocol.event import ExceptionValue
from mesher.storage.connection import connect
from mesher.storage.new_events import NewEvent, copy_events
from mesher.storage.partitions import make_partitions

DATA = Path(__file__).parent / "data"
MAX_DECODED_BYTES = 1024**2
PROJECT = uuid.UUID(int=1)
ISSUE = uuid.UUID(int=2)
FINGERPRINT = "0" * 32

_compress = zstandard.ZstdCompressor(level=1).compress


class _Exceptions(msgspec.Struct):
    values: list[ExceptionValue]


class _Event(msgspec.Struct):
    """Typed where one groups by it; the rest stays JSON."""

    exception: list[ExceptionValue] | _Exceptions | None = None
    contexts: msgspec.Raw = msgspec.Raw()
    breadcrumbs: msgspec.Raw = msgspec.Raw()
    request: msgspec.Raw = msgspec.Raw()
    extra: msgspec.Raw = msgspec.Raw()


_decode = msgspec.json.Decoder(_Event).decode


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=20_000, help="of one run")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    configure_logging(level="error", log_format="text", process="limit")
    with tempfile.TemporaryDirectory(prefix="mesher-limit-") as folder:
        postgres = EmbeddedPostgres(Path(folder))
        postgres.start()
        try:
            upgrade(postgres.database_url)
            with connect(postgres.database_url, application_name="limit") as conn:
                make_partitions(conn, datetime.now(UTC).date())
                rates = [_run(conn, arguments.events) for _ in range(arguments.runs)]
        finally:
            postgres.stop()
    print(
        f"the bare loop stores {statistics.median(rates):,.0f} events/s"
        f" (median of {len(rates)} runs, {min(rates):,.0f} to {max(rates):,.0f})"
    )


def _run(conn: psycopg.Connection, events: int) -> float:
    bodies = list(_bodies())
    source = islice(cycle(bodies), events)
    began = time.perf_counter()
    while batch := list(islice(source, MAX_BATCH_RECORDS)):
        rows = [_row(body, coding) for body, coding in batch]
        with conn.transaction():
            copy_events(conn, rows, {(PROJECT, FINGERPRINT): ISSUE})
    return events / (time.perf_counter() - began)


def _bodies() -> Iterator[tuple[bytes, str]]:
    for path in sorted(DATA.glob("*.body")):
        meta = json.loads(path.with_suffix(".json").read_text())
        yield path.read_bytes(), meta["content_encoding"] or ""


def _row(body: bytes, coding: str) -> NewEvent:
    envelope = parse_envelope(decode_body(body, coding, max_bytes=MAX_DECODED_BYTES))
    payload = next(item.payload for item in envelope.items if item.type == "event")
    event = _decode(payload)
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
        payload=_compress(payload),
    )


if __name__ == "__main__":
    main()
