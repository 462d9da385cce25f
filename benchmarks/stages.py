"""
What each stage of an event's path costs: microseconds of one core per event, with no other stage
running meanwhile, and as many times what the bare loop of ``limit.py`` takes.

    receive              the ASGI application with its journal, 32 requests at a time
    journal_1, _50       the journal alone: a flush for each record, and for each fifty
    read                 the journal, read
    digest               records to rows
    store                the rows into PostgreSQL: our part, and with _in_postgres the server's
    inflate, parse, compress, copy    the bare loop

Each run takes the same events through all stages, one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import psycopg

import limit
from figures import Figures, print_runs
from mesher.accounts.first_run import FirstProject, ensure_first_project
from mesher.child import GARBAGE_THRESHOLD
from mesher.ingest.digester import MAX_BATCH_BYTES, MAX_BATCH_RECORDS, make_batch
from mesher.ingest.journal import Entry
from mesher.ingest.journal_sqlite import SegmentAppender, SegmentReader
from mesher.protocol.auth import format_dsn
from mesher.storage.connection import connect
from mesher.storage.database import create_engine
from mesher.storage.ingest_batch import store_batch
from mesher.values.ingest_key import IngestKey
from mesher_up import temporary_folder
from meter import Meter
from receive_stage import receive_all
from sdk_requests import load_captured, make_requests

GROUPS = 50
_SHARED_FLUSH_RECORDS = 50
_BARE = ("inflate", "parse", "compress")
_BARE_COPY = ("copy", "copy_in_postgres")
_STORE = ("store", "store_in_postgres")
STAGES = ("receive", "journal_1", "journal_50", "read", "digest", "store", *_BARE, "copy")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=4000, help="of one run")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--profile", choices=STAGES, help="print where one stage spends its time")
    arguments = parser.parse_args()
    gc.freeze()  # this and the threshold as in the processes of a Mesher
    gc.set_threshold(GARBAGE_THRESHOLD)
    runs = []
    with temporary_folder() as folder, limit.empty_database(folder) as url:
        key = _make_key(url)
        with connect(url, application_name="stages") as conn:
            for number in range(arguments.runs):
                meter = Meter(arguments.events, profiled=arguments.profile or "")
                _take_through_all(meter, conn, folder / f"run-{number}", key, arguments.events)
                runs.append(_with_ratios(meter.figures))
    if arguments.profile:
        meter.print_profile()
    else:
        print_runs(runs)


def _make_key(database_url: str) -> IngestKey:
    made: list[FirstProject] = []
    engine = create_engine(database_url, pool_size=1)

    async def make() -> None:
        await ensure_first_project(engine, made.append)
        await engine.dispose()

    asyncio.run(make())
    project = made[0]
    return IngestKey(
        public_key=project.public_key or "",
        project_id=project.project_id,
        project_number=project.project_number,
    )


def _take_through_all(
    meter: Meter, conn: psycopg.Connection, folder: Path, key: IngestKey, events: int
) -> None:
    folder.mkdir()
    dsn = format_dsn(
        "http://localhost", public_key=key.public_key, project_number=key.project_number
    )
    requests = list(make_requests(dsn, events=events, groups=GROUPS))
    receive_all(meter, folder / "received", key, requests)
    reader = SegmentReader(folder / "received")
    with meter.stage("read"):
        batches = _read_all(reader)
    _append_all(meter, folder, [entry.record for batch in batches for entry in batch])
    _digest_and_store(meter, conn, reader, batches)
    reader.close()
    _run_bare_loop(meter, conn, events)


def _read_all(reader: SegmentReader) -> list[Sequence[Entry]]:
    batches: list[Sequence[Entry]] = []
    position = 0
    while entries := reader.read(position, MAX_BATCH_RECORDS, MAX_BATCH_BYTES):
        batches.append(entries)
        position = entries[-1].position
    return batches


def _append_all(meter: Meter, folder: Path, records: Sequence[bytes]) -> None:
    for size in (1, _SHARED_FLUSH_RECORDS):
        appender = SegmentAppender(folder / f"groups-of-{size}")
        with meter.stage(f"journal_{size}"):
            for start in range(0, len(records), size):
                appender.write(records[start : start + size])
                appender.flush()
                appender.close_removed()
                if appender.is_segment_due():
                    appender.begin_segment()
        appender.close()


def _digest_and_store(
    meter: Meter,
    conn: psycopg.Connection,
    reader: SegmentReader,
    read: Sequence[Sequence[Entry]],
) -> None:
    with meter.stage("digest"):
        batches = [
            make_batch(reader.shard_id, entries[0].position - 1, entries) for entries in read
        ]
    with meter.stage("store", server_pid=conn.info.backend_pid):
        for batch in batches:
            with conn.transaction():
                store_batch(conn, batch)


def _run_bare_loop(meter: Meter, conn: psycopg.Connection, events: int) -> None:
    source = islice(cycle(load_captured()), events)
    with meter.stage("inflate"):
        payloads = [limit.event_payload(captured.envelope()) for captured in source]
    with meter.stage("parse"):
        parsed = [limit.parse(payload) for payload in payloads]
    with meter.stage("compress"):
        compressed = [limit.compress(payload) for payload in payloads]
    rows = list(map(limit.row, parsed, compressed))
    with meter.stage("copy", server_pid=conn.info.backend_pid):
        for start in range(0, events, MAX_BATCH_RECORDS):
            limit.copy(conn, rows[start : start + MAX_BATCH_RECORDS])


def _with_ratios(figures: Figures) -> Figures:
    def total(names: Sequence[str]) -> float:
        return sum(figures[f"{name}_us"] or 0.0 for name in names)

    path = ("receive", "read", "digest", *_STORE)
    return figures | {
        "path_us": round(total(path), 1),
        "bare_loop_us": round(total(_BARE + _BARE_COPY), 1),
        "digest_as_inflate_parse_compress": round(total(["digest"]) / total(_BARE), 2),
        "store_as_copy": round(total(_STORE) / total(_BARE_COPY), 2),
        "path_as_bare_loop": round(total(path) / total(_BARE + _BARE_COPY), 2),
    }


if __name__ == "__main__":
    main()
