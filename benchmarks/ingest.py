"""
How fast events get in, how soon they are acknowledged, and what memory that takes.

Starts a Mesher of its own in a temporary folder. Without ``--rate`` each of the connections sends as
soon as it was answered; end to end is the number of events by the time from the first request until
all can be queried. With a rate, an answer's time counts from when its event was due.

What was acknowledged is looked up at the end; a missing event fails the benchmark.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import psycopg

from figures import Figures, percentile_ms, print_runs
from load import Answers, Load, send_load
from memory import Memory, measure_memory
from mesher_up import started_mesher, temporary_folder
from stored import check_all_there, count_stored, wait_until_stored

MEMORY_SAMPLE_SECONDS = 0.5
# What a project may send a second by default: no more requests need to be ready.
MOST_EVENTS_PER_SECOND = 10_000


def main() -> None:
    """Measure and print; exits 1 when an acknowledged event is missing."""
    arguments = _parse_arguments()
    runs = []
    with temporary_folder() as folder, started_mesher(folder) as mesher:
        idle = measure_memory(mesher.pid)
        load = Load(
            dsn=mesher.ready["dsn"],
            events=int((arguments.rate or MOST_EVENTS_PER_SECOND) * arguments.seconds),
            groups=arguments.groups,
            connections=arguments.connections,
            rate=arguments.rate,
            seconds=math.inf if arguments.rate else arguments.seconds,
        )
        with psycopg.connect(mesher.ready["database_url"], autocommit=True) as conn:
            for _ in range(arguments.runs):
                with _peak_memory(mesher.pid) as peak:
                    figures = measure_load(conn, load)
                figures["memory_idle_mb"] = idle.mesher_mb
                figures["memory_peak_mb"] = max(memory.mesher_mb for memory in peak)
                figures["postgres_memory_peak_mb"] = max(memory.postgres_mb for memory in peak)
                runs.append(figures)
    print_runs(runs)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=15, help="of sending, in each run")
    parser.add_argument("--rate", type=float, default=0, help="events/s; 0 = what it can take")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--groups", type=int, default=50, help="issues that the events make")
    parser.add_argument("--runs", type=int, default=1)
    return parser.parse_args()


def measure_load(conn: psycopg.Connection, load: Load) -> Figures:
    """Send a load to Mesher, wait until all of it is stored, and check that."""
    figures, answers = send_and_wait(load, lambda: count_stored(conn))
    check_all_there(conn, answers.event_ids, groups=load.groups)
    return figures


def send_and_wait(load: Load, count: Callable[[], int]) -> tuple[Figures, Answers]:
    """
    Send a load, and wait until all of it is stored.

    Args:
        load: what to send.
        count: asks how many events are stored in all.
    """
    before = count()
    # A process of its own, so that waiting for the database does not hold up the load.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        answers = pool.submit(send_load, load).result()
    all_stored = wait_until_stored(count, before + len(answers.event_ids))
    seconds = sorted(answers.seconds)
    refused = sum(answers.refused.values())
    return {
        "acknowledged": len(seconds),
        "refused": refused,
        "acknowledged_per_second": round(len(seconds) / (answers.ended - answers.started)),
        "end_to_end_per_second": round(len(seconds) / (all_stored - answers.started), 1),
        "acknowledgement_p50_ms": percentile_ms(seconds, 0.50),
        "acknowledgement_p99_ms": percentile_ms(seconds, 0.99),
        "generator_us_per_request": round(answers.cpu_seconds / (len(seconds) + refused) * 1e6, 1),
    }, answers


@contextlib.contextmanager
def _peak_memory(pid: int) -> Iterator[list[Memory]]:
    """A list that fills with samples while the block runs."""
    stop = threading.Event()
    samples = [measure_memory(pid)]

    def sample() -> None:
        while not stop.wait(MEMORY_SAMPLE_SECONDS):
            samples.append(measure_memory(pid))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    main()
