"""
The jobs process: background work on procrastinate, a job queue in PostgreSQL, and alerting beside it.

It works for as long as it lives, through any absence of the database. Jobs may be cut off and repeated at
any point, and any number of nodes may run such a process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator

import psycopg
import structlog
from procrastinate.exceptions import ConnectorException

from mesher import metrics
from mesher.alerting.channels import open_channels
from mesher.alerting.loop import run_alerting
from mesher.jobs.queue import open_queue, report_failure
from mesher.jobs.steps import make_partitions_now
from mesher.settings import Settings

# Clients ask once a second whether their upload is done.
POLL_SECONDS = 1.0
# While the database is away: first and longest pause between tries.
FIRST_RETRY_SECONDS = 0.1
LONGEST_RETRY_SECONDS = 5.0

log = structlog.get_logger(__name__)


def run_jobs(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; a job in hand stops after its next step."""
    # These report each failed query of an outage with its traceback. One warning is enough, and
    # report_failure tells of jobs.
    for noisy in ("procrastinate", "psycopg.pool"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    asyncio.run(_work_until_stopped(settings))


async def _work_until_stopped(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    now = asyncio.get_running_loop().time
    retry_seconds = FIRST_RETRY_SECONDS
    while not stop.is_set():
        began = now()
        try:
            await asyncio.to_thread(make_partitions_now, settings.database_url)
            await _run_worker(settings, stop)
        except (psycopg.OperationalError, ConnectorException) as error:
            if now() - began > LONGEST_RETRY_SECONDS:  # it had worked
                retry_seconds = FIRST_RETRY_SECONDS
            metrics.DATABASE_ERRORS.labels("jobs").inc()
            reason = str(error.__cause__ or error).strip()  # procrastinate says "Database error."
            log.warning("database_away", reason=reason, retry_after_seconds=retry_seconds)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), retry_seconds)
            retry_seconds = min(retry_seconds * 2, LONGEST_RETRY_SECONDS)


async def _run_worker(settings: Settings, stop: asyncio.Event) -> None:
    """
    Run procrastinate's worker until ``stop`` is set.

    Raises:
        psycopg.OperationalError, ConnectorException: the database is away.
    """
    async with open_queue(settings, stop) as queue, _alerting(settings):
        working = asyncio.create_task(
            queue.run_worker_async(
                install_signal_handlers=False,
                # Looking is enough, and takes no connection for itself as listening would.
                listen_notify=False,
                fetch_job_polling_interval=POLL_SECONDS,
                delete_jobs="successful",
                task_middleware=[report_failure],
            )
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if stop.is_set():
            working.cancel()  # it waits for the job in hand
            with contextlib.suppress(asyncio.CancelledError):
                await working
        else:
            await working
            # The worker ends without an error of its own when its upkeep fails.
            raise ConnectorException("the worker has lost its connection")


@contextlib.asynccontextmanager
async def _alerting(settings: Settings) -> AsyncIterator[None]:
    """Rules are evaluated and alerts delivered meanwhile; by a loop, not by jobs, which take turns."""
    alerting = run_alerting(
        settings.database_url, open_channels(settings), heartbeat_url=settings.heartbeat_url
    )
    running = asyncio.create_task(alerting)
    try:
        yield
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
