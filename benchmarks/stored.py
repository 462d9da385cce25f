"""What of a load can be queried, asked of the database."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

import psycopg

# A drain of a full journal takes longer than any run here.
DRAIN_SECONDS = 600.0
POLL_SECONDS = 0.02


def count_stored(conn: psycopg.Connection) -> int:
    """Events stored so far, by the ledger: it is written in the transaction that stores them."""
    row = conn.execute(
        "SELECT coalesce(sum(quantity), 0)::bigint FROM outcomes WHERE outcome = 'stored'"
    ).fetchone()
    return int(row[0]) if row else 0


def wait_until_stored(count: Callable[[], int], wanted: int) -> float:
    """
    The time at which that many events were stored; exits when that takes too long.

    Args:
        count: asks how many are.
        wanted: how many shall be.
    """
    deadline = time.monotonic() + DRAIN_SECONDS
    while count() < wanted:
        if time.monotonic() > deadline:
            sys.exit(f"after {DRAIN_SECONDS:.0f} s not all acknowledged events are stored")
        time.sleep(POLL_SECONDS)
    return time.time()


def check_all_there(conn: psycopg.Connection, event_ids: Sequence[str], *, groups: int) -> None:
    """Exit unless each acknowledged event is stored once, in as many issues as there are bugs."""
    row = conn.execute(
        """
        SELECT count(*), count(DISTINCT id), count(DISTINCT issue_id)
        FROM events WHERE id = ANY(%s::uuid[])
        """,
        (event_ids,),
    ).fetchone()
    count = len(event_ids)
    if row != (count, count, groups):
        sys.exit(
            f"{count} events of {groups} bugs were acknowledged;"
            f" stored are (rows, events, issues): {row}"
        )
