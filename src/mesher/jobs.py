"""
The jobs process: background work on procrastinate, a job queue in PostgreSQL.

Each hour one job makes partitions, one applies retention and one lets issues grow old; each minute one goes
on with merges and splits that have events left to move, one removes the data of deleted projects, and one
ends what was to last until now; every quarter of a minute one maps events for which a source map came late.
Of several nodes whichever comes first puts the job of a time into the queue, once, and any of them takes it.
A further job makes artifacts of uploads, whenever one is complete. All may be cut off and repeated at any
point.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import smtplib
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker
from psycopg.rows import TupleRow

from mesher import metrics
from mesher.alerting.delivery import open_channels
from mesher.alerting.loop import run_alerting
from mesher.errors import Conflict
from mesher.ids import OrgId
from mesher.ingest.remapping import remap_events
from mesher.ingest.symbolicator_process import SymbolicatorProcess
from mesher.mail import Mailer
from mesher.password_mail import mail_password_reset
from mesher.secret_box import SecretBox
from mesher.settings import Settings
from mesher.storage.connection import connect, connection_string
from mesher.storage.issue_changes import continue_change, find_unfinished
from mesher.storage.issue_upkeep import age_issues, tend_issues
from mesher.storage.job_queue import ASSEMBLE_UPLOAD, MAIL_RESET_LINK, MOVE_EVENTS
from mesher.storage.partitions import make_partitions
from mesher.storage.removals import find_due, remove
from mesher.storage.retention import apply_retention
from mesher.storage.short_lived import forget
from mesher.symbolication.problems import TOO_SLOW
from mesher.symbolication.queries import Answer, Query
from mesher.uploads.assemble import assemble

APPLICATION_NAME = "mesher-jobs"
HOURLY = "0 * * * *"
EVERY_MINUTE = "* * * * *"
EVERY_QUARTER_MINUTE = "* * * * * */15"
# Then other jobs have their turn; what is left the next minute's job takes up.
MOVES_SECONDS = 45.0
# At a start, the job of the hour that has begun is still made, if no node has made it.
LATEST_START_SECONDS = 3600.0
# One for the worker's upkeep, one for the jobs that it puts into the queue.
MAX_CONNECTIONS = 2
# Without a connection for this long, the database is away. The end of the process may have to wait
# for it several times, and is given 15 seconds by the supervisor.
CONNECTION_WAIT_SECONDS = 2.0
# Clients ask once a second whether their upload is done.
POLL_SECONDS = 1.0
# An upload whose job the database was away for; afterwards the client's next try queues it again.
ASSEMBLY_ATTEMPTS = 5
ASSEMBLY_RETRY_SECONDS = 5
# After 4, 16, 64, 256 seconds; whoever waits for the mail has asked for another one by then.
MAIL_ATTEMPTS = 5
MAIL_RETRY_SECONDS = 4
# While the database is away: first and longest pause between tries.
FIRST_RETRY_SECONDS = 0.1
LONGEST_RETRY_SECONDS = 5.0
# The pool of connections would wait half a minute for a server that goes away while it is opened,
# and we could not be stopped meanwhile.
CONNECT_SECONDS = 5.0

log = structlog.get_logger(__name__)


def run_jobs(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; a job in hand stops after its next step."""
    # These report each failed query of an outage with its traceback. One warning is enough, and
    # _report_failure tells of jobs.
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
            await asyncio.to_thread(_make_partitions, settings.database_url)
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
    async with _open_queue(settings, stop) as queue, _alerting(settings):
        working = asyncio.create_task(
            queue.run_worker_async(
                install_signal_handlers=False,
                # Looking is enough, and takes no connection for itself as listening would.
                listen_notify=False,
                fetch_job_polling_interval=POLL_SECONDS,
                delete_jobs="successful",
                task_middleware=[_report_failure],
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


@contextlib.asynccontextmanager
async def _open_queue(settings: Settings, stop: asyncio.Event) -> AsyncIterator[procrastinate.App]:
    queue = _queue(settings, stop)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await queue.open_async()
    except TimeoutError as error:
        await queue.close_async()
        raise ConnectorException("the database went away meanwhile") from error
    try:
        yield queue
    finally:
        await queue.close_async()


def _queue(settings: Settings, stop: asyncio.Event) -> procrastinate.App:
    """The queue with its jobs. Jobs run in threads."""
    database_url = settings.database_url
    queue = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=connection_string(database_url, application_name=APPLICATION_NAME),
            min_size=1,
            max_size=MAX_CONNECTIONS,
            timeout=CONNECTION_WAIT_SECONDS,
        ),
        periodic_defaults={"max_delay": LATEST_START_SECONDS},
    )

    # A queueing lock, so that an hour's job waits at most once. No running lock: one that a killed
    # process leaves behind is never freed, and two runs at once do no harm.
    @queue.periodic(cron=HOURLY)
    @queue.task(name="make_partitions", queueing_lock="make_partitions")
    def _partitions_job(timestamp: int) -> None:  # noqa: ARG001 - the hour it was made for
        _make_partitions(database_url)

    @queue.periodic(cron=HOURLY)
    @queue.task(name="apply_retention", queueing_lock="apply_retention")
    def _retention_job(timestamp: int) -> None:  # noqa: ARG001 - the hour it was made for
        _apply_retention(database_url, stop)

    @queue.task(
        name=ASSEMBLE_UPLOAD,
        retry=procrastinate.RetryStrategy(
            max_attempts=ASSEMBLY_ATTEMPTS,
            wait=ASSEMBLY_RETRY_SECONDS,
            retry_exceptions=[psycopg.OperationalError],
        ),
    )
    def _assembly_job(org_id: str, key: str) -> None:
        with connect(database_url, application_name=APPLICATION_NAME) as conn:
            assemble(conn, OrgId(uuid.UUID(org_id)), key)

    # Requests that leave events to move make this job too; it is made every minute for those that
    # could not, and for work that an end of this process cut off.
    @queue.periodic(cron=EVERY_MINUTE)
    @queue.task(name=MOVE_EVENTS, queueing_lock=MOVE_EVENTS)
    def _moves_job(timestamp: int) -> None:  # noqa: ARG001 - the minute it was made for
        _move_events(database_url, stop)

    # Nobody sees what is removed here, so it may wait for a minute, and go on in the next.
    @queue.periodic(cron=EVERY_MINUTE)
    @queue.task(name="remove_data", queueing_lock="remove_data")
    def _removal_job(timestamp: int) -> None:  # noqa: ARG001 - the minute it was made for
        _remove_data(database_url, stop)

    @queue.periodic(cron=EVERY_MINUTE)
    @queue.task(name="tend_issues", queueing_lock="tend_issues")
    def _issues_job(timestamp: int) -> None:  # noqa: ARG001 - the minute it was made for
        _look_after_issues(database_url, stop, tend_issues)

    @queue.periodic(cron=EVERY_MINUTE)
    @queue.task(name="forget", queueing_lock="forget")
    def _forgetting_job(timestamp: int) -> None:  # noqa: ARG001 - the minute it was made for
        with connect(database_url, application_name=APPLICATION_NAME) as conn:
            forget(conn)

    @queue.periodic(cron=HOURLY)
    @queue.task(name="age_issues", queueing_lock="age_issues")
    def _ageing_job(timestamp: int) -> None:  # noqa: ARG001 - the hour it was made for
        _look_after_issues(database_url, stop, age_issues)

    # Often, because people look at an event when they have just uploaded its source map; where
    # nothing has come it is one statement.
    @queue.periodic(cron=EVERY_QUARTER_MINUTE)
    @queue.task(name="remap_events", queueing_lock="remap_events")
    def _remap_job(timestamp: int) -> None:  # noqa: ARG001 - the time it was made for
        _remap_events(database_url, stop)

    _add_mail_jobs(queue, settings)
    return queue


def _add_mail_jobs(queue: procrastinate.App, settings: Settings) -> None:
    @queue.task(
        name=MAIL_RESET_LINK,
        retry=procrastinate.RetryStrategy(
            max_attempts=MAIL_ATTEMPTS,
            exponential_wait=MAIL_RETRY_SECONDS,
            retry_exceptions=[psycopg.OperationalError, smtplib.SMTPException, OSError],
        ),
    )
    def _reset_job(sealed_email: str) -> None:
        box = SecretBox(settings.data_dir, key=settings.secret_key)
        mailer = Mailer(settings.smtp_url, settings.mail_from)
        with connect(settings.database_url, application_name=APPLICATION_NAME) as conn:
            mail_password_reset(conn, box, mailer, settings.public_url, sealed_email=sealed_email)


def _report_failure(run: Callable[[], Any], context: procrastinate.JobContext, _: Worker) -> Any:
    """Log why a job failed; the next hour, or the client's next try, brings the next one."""
    try:
        return run()
    except psycopg.OperationalError as error:
        log.warning("job_interrupted", job=context.job.task_name, reason=str(error).strip())
        raise
    except Exception:
        log.exception("job_failed", job=context.job.task_name)
        raise


def _make_partitions(database_url: str) -> None:
    with connect(database_url, application_name=APPLICATION_NAME) as conn:
        make_partitions(conn, datetime.now(UTC).date())


def _move_events(database_url: str, stop: asyncio.Event) -> None:
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


def _remove_data(database_url: str, stop: asyncio.Event) -> None:
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


def _look_after_issues(
    database_url: str,
    stop: asyncio.Event,
    steps: Callable[[psycopg.Connection[TupleRow], datetime], Iterator[int]],
) -> None:
    until = time.monotonic() + MOVES_SECONDS
    with connect(database_url, application_name=APPLICATION_NAME) as conn:
        for _ in steps(conn, datetime.now(UTC)):
            if stop.is_set() or time.monotonic() > until:
                return


def _remap_events(database_url: str, stop: asyncio.Event) -> None:
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


def _apply_retention(database_url: str, stop: asyncio.Event) -> None:
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
