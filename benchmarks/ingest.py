"""
How fast events get in, how soon they are acknowledged, and what memory that takes.

Starts a Mesher of its own in a temporary folder, or measures one that runs (``--ready-file``, as
written by ``mesher up --ready-file``), which should have nothing else to do. Two runs, of the load
that ``load.py`` makes of real SDK requests:

1. closed: each of the connections sends as soon as it was answered. End to end is the number of
   events by the time from the first request until all can be queried.
2. fixed rate: how long an answer takes when the server is not at its limit.

What was acknowledged is looked up at the end; a missing event fails the benchmark.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from load import Answers, Load, send_load
from memory import Memory, measure_memory

# A start takes seconds; a drain of a full journal takes longer than any run here.
START_SECONDS = 60.0
DRAIN_SECONDS = 600.0
POLL_SECONDS = 0.02
MEMORY_SAMPLE_SECONDS = 0.5


def main() -> None:
    """Measure and print; exits 1 when an acknowledged event is missing."""
    arguments = _parse_arguments()
    with contextlib.ExitStack() as stack:
        ready_file, pid = arguments.ready_file, None
        if ready_file is None:
            ready_file, pid = stack.enter_context(started_mesher())
        result = _measure(json.loads(ready_file.read_text("utf-8")), pid, arguments)
    if arguments.json:
        json.dump(result, sys.stdout, indent=2)
        print()
    else:
        _print_table(result)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--ready-file", type=Path, help="of a running Mesher; memory is not measured"
    )
    parser.add_argument("--events", type=int, default=40_000, help="of the closed run")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--groups", type=int, default=50, help="issues that the events make")
    parser.add_argument("--rate", type=float, default=1000, help="events/s of the second run")
    parser.add_argument("--seconds", type=float, default=15, help="length of the second run")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


@contextlib.contextmanager
def started_mesher() -> Iterator[tuple[Path, int]]:
    """
    A Mesher with all defaults, on a fresh data directory and a free port; its ready file and the
    process id of its supervisor.
    """
    with tempfile.TemporaryDirectory(prefix="mesher-benchmark-") as folder:
        ready_file, log_file = Path(folder) / "ready.json", Path(folder) / "log"
        command = [str(Path(sys.executable).parent / "mesher"), "up", "--port", "0"]
        command += ["--data-dir", f"{folder}/data", "--ready-file", str(ready_file)]
        with log_file.open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + START_SECONDS
            while not ready_file.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"Mesher did not start:\n{log_file.read_text('utf-8')}")
                time.sleep(POLL_SECONDS)
            yield ready_file, process.pid
        finally:
            process.terminate()
            process.wait()


def _measure(
    ready: dict[str, Any], pid: int | None, arguments: argparse.Namespace
) -> dict[str, Any]:
    with psycopg.connect(ready["database_url"], autocommit=True) as conn:
        result: dict[str, Any] = {}
        if pid is not None:
            result["memory_idle"] = measure_memory(pid)._asdict()
        closed = Load(
            dsn=ready["dsn"],
            events=arguments.events,
            groups=arguments.groups,
            connections=arguments.connections,
        )
        fixed = Load(
            dsn=ready["dsn"],
            events=int(arguments.rate * arguments.seconds),
            groups=arguments.groups,
            connections=arguments.connections,
            rate=arguments.rate,
        )
        with _peak_memory(pid, result):
            result["closed"] = _run(conn, closed)
            result["fixed_rate"] = {"rate": arguments.rate, **_run(conn, fixed)}
    return result


def _run(conn: psycopg.Connection, load: Load) -> dict[str, Any]:
    before = _stored(conn)
    # A process of its own, so that waiting for the database does not hold up the load.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        answers = pool.submit(send_load, load).result()
    all_stored = wait_until_stored(conn, before + len(answers.event_ids))
    _check_all_there(conn, load, answers)
    seconds = sorted(answers.seconds)
    return {
        "sent": load.events,
        "acknowledged": len(answers.event_ids),
        "refused": answers.refused,
        "acknowledged_per_second": round(len(seconds) / (answers.ended - answers.started)),
        "end_to_end_per_second": round(len(seconds) / (all_stored - answers.started)),
        "acknowledgement_p50_ms": percentile_ms(seconds, 0.50),
        "acknowledgement_p99_ms": percentile_ms(seconds, 0.99),
    }


def _stored(conn: psycopg.Connection) -> int:
    """Events stored so far, by the ledger: it is written in the transaction that stores them."""
    row = conn.execute(
        "SELECT coalesce(sum(quantity), 0)::bigint FROM outcomes WHERE outcome = 'stored'"
    ).fetchone()
    return int(row[0]) if row else 0


def wait_until_stored(conn: psycopg.Connection, count: int) -> float:
    """The time at which that many events were stored."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while _stored(conn) < count:
        if time.monotonic() > deadline:
            sys.exit(f"after {DRAIN_SECONDS:.0f} s not all acknowledged events are stored")
        time.sleep(POLL_SECONDS)
    return time.time()


def _check_all_there(conn: psycopg.Connection, load: Load, answers: Answers) -> None:
    """Exit unless each acknowledged event is stored once, in as many issues as there are bugs."""
    row = conn.execute(
        """
        SELECT count(*), count(DISTINCT id), count(DISTINCT issue_id)
        FROM events WHERE id = ANY(%s::uuid[])
        """,
        (answers.event_ids,),
    ).fetchone()
    count = len(answers.event_ids)
    if row != (count, count, load.groups):
        sys.exit(
            f"{count} events of {load.groups} bugs were acknowledged;"
            f" stored are (rows, events, issues): {row}"
        )


def percentile_ms(seconds: list[float], share: float) -> float | None:
    """The time that this share of sorted times does not pass; ``None`` without any."""
    return round(seconds[int(share * (len(seconds) - 1))] * 1000, 2) if seconds else None


@contextlib.contextmanager
def _peak_memory(pid: int | None, result: dict[str, Any]) -> Iterator[None]:
    """Put the highest figures of the block into ``result``; none where the pid is not known."""
    if pid is None:
        yield
        return
    stop = threading.Event()
    samples: list[Memory] = []

    def sample() -> None:
        while not stop.wait(MEMORY_SAMPLE_SECONDS):
            samples.append(measure_memory(pid))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    result["memory_peak"] = Memory(*map(max, zip(*samples, strict=True)))._asdict()


def _print_table(result: dict[str, Any]) -> None:
    console = Console()
    runs = Table("Ingestion", "closed", "fixed rate")
    for key in result["closed"]:
        runs.add_row(key, str(result["closed"][key]), str(result["fixed_rate"][key]))
    console.print(runs)
    if "memory_peak" in result:
        memory = Table("Memory (PSS)", "idle", "peak")
        for key in Memory._fields:
            memory.add_row(key, str(result["memory_idle"][key]), str(result["memory_peak"][key]))
        console.print(memory)


if __name__ == "__main__":
    main()
