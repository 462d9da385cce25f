"""
How long after it was sent an event can be queried, and so is on the next page that is opened.

Starts a Mesher of its own in a temporary folder and sends at a fixed rate, while the newest events
are asked for again and again. An event counts as visible when the answer that has it has arrived,
from when it was due to be sent.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from uuid import UUID

import psycopg

from figures import Figures, percentile_ms, print_runs
from load import Answers, Load, send_load
from mesher_up import started_mesher, temporary_folder

# Adds half of it to what is measured on average.
POLL_SECONDS = 0.05
# Events of several shards do not become visible in the order of their receipt, but nearly; what is
# later than this is found when all is sent, and counts from then.
DISORDER = timedelta(seconds=2)
# After the last answer; far above the goal.
LAST_SECONDS = 60.0


def main() -> None:
    """Measure and print; exits 1 when an acknowledged event does not become visible."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=float, default=500, help="events/s")
    parser.add_argument("--seconds", type=float, default=15, help="of sending, in each run")
    parser.add_argument("--runs", type=int, default=1)
    arguments = parser.parse_args()
    with temporary_folder() as folder, started_mesher(folder) as mesher:
        load = Load(
            dsn=mesher.ready["dsn"],
            events=int(arguments.rate * arguments.seconds),
            groups=50,
            connections=32,
            rate=arguments.rate,
        )
        with psycopg.connect(mesher.ready["database_url"], autocommit=True) as conn:
            project_id = mesher.ready["project_id"]
            print_runs([_measure(conn, project_id, load) for _ in range(arguments.runs)])


def _measure(conn: psycopg.Connection, project_id: str, load: Load) -> Figures:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        sending = pool.submit(send_load, load)
        seen = _watch(conn, project_id, load.events, sending)
        answers = sending.result()
    missing = [event_id for event_id in answers.event_ids if UUID(event_id) not in seen]
    if missing:
        sys.exit(f"{len(missing)} acknowledged events did not become visible")
    seconds = sorted(
        seen[UUID(event_id)] - sent
        for event_id, sent in zip(answers.event_ids, answers.sent, strict=True)
    )
    return {
        "events": len(seconds),
        "visible_p50_ms": percentile_ms(seconds, 0.50),
        "visible_p99_ms": percentile_ms(seconds, 0.99),
    }


def _watch(
    conn: psycopg.Connection, project_id: str, events: int, sending: Future[Answers]
) -> dict[UUID, float]:
    """When each event was first seen, until all are, or none can be expected any more."""
    seen: dict[UUID, float] = {}
    began = newest = datetime.now(UTC)
    deadline = math.inf
    while len(seen) < events and time.monotonic() < deadline:
        rows = conn.execute(
            "SELECT id, received_at FROM events WHERE project_id = %s AND received_at > %s",
            (project_id, began if sending.done() else max(began, newest - DISORDER)),
            binary=True,
        ).fetchall()
        now = time.time()
        for event_id, received_at in rows:
            seen.setdefault(event_id, now)
            newest = max(newest, received_at)
        if sending.done():
            deadline = min(deadline, time.monotonic() + LAST_SECONDS)
        time.sleep(POLL_SECONDS)
    return seen


if __name__ == "__main__":
    main()
