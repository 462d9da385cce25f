"""What each job does: the steps of some work, until it is done, its time is over or the process ends."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import structlog
from psycopg.rows import TupleRow

from mesher.errors import Conflict
from mesher.ingest.remapping import remap_events
from mesher.ingest.symbolicator_process import SymbolicatorProcess
from mesher.storage.connection import connect
from mesher.storage.issue_changes import continue_change, find_unfinished
from mesher.storage.partitions import make_partitions
from mesher.storage.removals import find_due, remove
from mesher.storage.retention import apply_retention
from mesher.storage.short_lived import forget
from mesher.symbolication.problems import TOO_SLOW
from mesher.symbolication.queries import Answer, Query

APPLICATION_NAME = "mesher-jobs"
# Then other jobs have their turn; what is left the next minute's job takes up.
MOVES_SECONDS = 45.0

log = structlog.get_logger(__name__)


def make_partitions_now(database_url: str) -> None:
    """Have a partition for today and the days after it."""
    with connect(database_url, application_name=APPLICATION_NAME) as conn:
        make_partitions(conn, datetime.now(UTC).date())


def forget_now(database_url: str) -> None:
    """Remove what was to last until now."""
    with connect(database_url, application_name=APPLICATION_NAME) as conn:
        forget(conn)


def move_events(database_url: str, stop: asyncio.Event) -> None:
    """Go on with merges and splits; one that cannot go on is logged, and stops no other."""
    until = time.monotonic() + MOVES_SECONDS
    with connect(database_url, application_name=APPLICATION_NAME) as conn:
        for change in find_unfinished(conn):
            moved = 0
            try:
                for events in continue_change(conn, change):
                    moved += events
                    if stop.is_set() or time.monotonic() > until:
                        return
            except Conflict as error:  # the others go on
                log.error("issue_change_stuck", change=str(change.id), reason=error.message)  # noqa: TRY400
            else:
                log.info("issue_change_finished", change=str(change.id), events=moved)


def remove_data(database_url: str, stop: asyncio.Event) -> None:
    """Remove what deleted projects and organisations have left."""
    until = time.monotonic() + MOVES_SECONDS
    with connect(database_url, application_name=APPLICATION_NAME) as conn:
        while due := find_due(conn):  # projects of an organisation become due in its turn
            for removal in due:
                removed = 0
                for rows in remove(conn, removal):
                    removed += rows
                    if stop.is_set() or time.monotonic() > until:
                        return
                if removed:
                    log.info(
                        "data_removed", kind=removal.kind, id=str(removal.subject_id), rows=removed
                    )


def step_by_step(
    database_url: str,
    stop: asyncio.Event,
    steps: Callable[[psycopg.Connection[TupleRow], datetime], Iterator[int]],
) -> None:
    """Do some work a step, which is a transaction, at a time."""
    until = time.monotonic() + MOVES_SECONDS
    with connect(database_url, application_name=APPLICATION_NAME) as conn:
        for _ in steps(conn, datetime.now(UTC)):
            if stop.is_set() or time.monotonic() > until:
                return


def remap_late(database_url: str, stop: asyncio.Event) -> None:
    """Map events whose source map came after them."""
    until = time.monotonic() + MOVES_SECONDS
    symbolicator = SymbolicatorProcess(database_url)

    def ask(query: Query, deadline: float) -> Answer:
        answer = symbolicator.ask(query, deadline=deadline)
        if answer.problem == TOO_SLOW:
            symbolicator.end()  # here it had its time, and the next file needs the process
        return answer

    try:
        with connect(database_url, application_name=APPLICATION_NAME) as conn:
            for _ in remap_events(conn, ask, datetime.now(UTC)):
                if stop.is_set() or time.monotonic() > until:
                    return
    finally:
        symbolicator.end()


def retain(database_url: str, stop: asyncio.Event) -> None:
    """Remove what is past its retention, and log what that was."""
    dropped: list[str] = []
    rows: Counter[str] = Counter()
    with connect(database_url, application_name=APPLICATION_NAME) as conn:
        for step in apply_retention(conn, datetime.now(UTC)):
            if step.rows is None:
                dropped.append(step.table)
            else:
                rows[step.table] += step.rows
            if stop.is_set():
                break
    log.info("retention_applied", partitions_dropped=dropped, rows_removed=dict(rows))
