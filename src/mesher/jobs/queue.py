"""
The queue and its jobs: what is made when.

Each hour one job makes partitions, one applies retention and one lets issues grow old; each minute one goes
on with merges and splits that have events left to move, one removes the data of deleted projects, one makes
events of jobs that failed to check in, and one ends what was to last until now; every quarter of a minute
one maps events for which a source map came late. Of several nodes whichever comes first puts the job of a
time into the queue, once, and any of them takes it. A further job makes artifacts of uploads, whenever one
is complete, and one mails.
"""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker

from mesher.alerting.monitor_events import note_problems
from mesher.ids import OrgId
from mesher.jobs.steps import (
    APPLICATION_NAME,
    forget_now,
    make_partitions_now,
    move_events,
    remap_late,
    remove_data,
    retain,
    step_by_step,
)
from mesher.mail import Mailer
from mesher.password_mail import mail_password_reset
from mesher.secret_box import SecretBox
from mesher.settings import Settings
from mesher.storage.connection import connect, connection_string
from mesher.storage.issue_upkeep import age_issues, tend_issues
from mesher.storage.job_queue import ASSEMBLE_UPLOAD, MAIL_RESET_LINK, MOVE_EVENTS
from mesher.uploads.assemble import assemble

HOURLY = "0 * * * *"
EVERY_MINUTE = "* * * * *"
EVERY_QUARTER_MINUTE = "* * * * * */15"
# At a start, the job of the hour that has begun is still made, if no node has made it.
LATEST_START_SECONDS = 3600.0
# One for the worker's upkeep, one for the jobs that it puts into the queue.
MAX_CONNECTIONS = 2
# Without a connection for this long, the database is away. The end of the process may have to wait
# for it several times, and is given 15 seconds by the supervisor.
CONNECTION_WAIT_SECONDS = 2.0
# The pool of connections would wait half a minute for a server that goes away while it is opened,
# and we could not be stopped meanwhile.
CONNECT_SECONDS = 5.0
# An upload whose job the database was away for; afterwards the client's next try queues it again.
ASSEMBLY_ATTEMPTS = 5
ASSEMBLY_RETRY_SECONDS = 5
# After 4, 16, 64, 256 seconds; whoever waits for the mail has asked for another one by then.
MAIL_ATTEMPTS = 5
MAIL_RETRY_SECONDS = 4

log = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def open_queue(settings: Settings, stop: asyncio.Event) -> AsyncIterator[procrastinate.App]:
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
    queue = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=connection_string(settings.database_url, application_name=APPLICATION_NAME),
            min_size=1,
            max_size=MAX_CONNECTIONS,
            timeout=CONNECTION_WAIT_SECONDS,
        ),
        periodic_defaults={"max_delay": LATEST_START_SECONDS},
    )
    _add_periodic_jobs(queue, settings.database_url, stop)
    _add_assembly_job(queue, settings.database_url)
    _add_mail_jobs(queue, settings)
    return queue


def _add_periodic_jobs(queue: procrastinate.App, database_url: str, stop: asyncio.Event) -> None:
    # Requests that leave events to move make MOVE_EVENTS too; it is made every minute for those that
    # could not, and for work that an end of this process cut off. Nobody sees what is removed, so
    # that may wait for a minute, and go on in the next. Events are remapped often, because people look
    # at one when they have just uploaded its source map; where nothing has come it is one statement.
    jobs: list[tuple[str, str, Callable[[], None]]] = [
        ("make_partitions", HOURLY, lambda: make_partitions_now(database_url)),
        ("apply_retention", HOURLY, lambda: retain(database_url, stop)),
        ("age_issues", HOURLY, lambda: step_by_step(database_url, stop, age_issues)),
        (MOVE_EVENTS, EVERY_MINUTE, lambda: move_events(database_url, stop)),
        ("remove_data", EVERY_MINUTE, lambda: remove_data(database_url, stop)),
        ("tend_issues", EVERY_MINUTE, lambda: step_by_step(database_url, stop, tend_issues)),
        (
            "note_monitor_problems",
            EVERY_MINUTE,
            lambda: step_by_step(database_url, stop, note_problems),
        ),
        ("forget", EVERY_MINUTE, lambda: forget_now(database_url)),
        ("remap_events", EVERY_QUARTER_MINUTE, lambda: remap_late(database_url, stop)),
    ]
    for name, cron, work in jobs:
        _add_periodic_job(queue, name, cron, work)


def _add_periodic_job(
    queue: procrastinate.App, name: str, cron: str, work: Callable[[], None]
) -> None:
    # A queueing lock, so that an hour's job waits at most once. No running lock: one that a killed
    # process leaves behind is never freed, and two runs at once do no harm.
    @queue.periodic(cron=cron)
    @queue.task(name=name, queueing_lock=name)
    def _job(timestamp: int) -> None:  # noqa: ARG001 - the time it was made for
        work()


def _add_assembly_job(queue: procrastinate.App, database_url: str) -> None:
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


def report_failure(run: Callable[[], Any], context: procrastinate.JobContext, _: Worker) -> Any:
    """Log why a job failed; the next hour, or the client's next try, brings the next one."""
    try:
        return run()
    except psycopg.OperationalError as error:
        log.warning("job_interrupted", job=context.job.task_name, reason=str(error).strip())
        raise
    except Exception:
        log.exception("job_failed", job=context.job.task_name)
        raise
