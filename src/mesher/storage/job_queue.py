"""Putting a job into the queue from a process that does not run jobs."""

from __future__ import annotations

import contextlib

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

# Of the job that moves the events of merges and splits (``jobs``).
MOVE_EVENTS = "move_events"
# Of the job that makes artifacts of uploads; ``assemblies`` queues it with the row that it is about.
ASSEMBLE_UPLOAD = "assemble_upload"
# Of the job that mails a link for another password; ``password_resets`` queues it.
MAIL_RESET_LINK = "mail_reset_link"

# The queueing lock lets the job wait once; the jobs process itself adds it every minute.
_DEFER = """
    SELECT procrastinate_defer_jobs_v1(ARRAY[
        ROW('default', %(task)s::text, 0, NULL, %(task)s::text, '{"timestamp": 0}', NULL)
        ::procrastinate_job_to_defer_v1
    ])
"""


def defer_moves(conn: Connection[TupleRow]) -> None:
    """
    Have the jobs process go on with merges and splits within seconds.

    Args:
        conn: in autocommit mode.
    """
    with contextlib.suppress(psycopg.errors.UniqueViolation):  # it waits already
        conn.execute(_DEFER, {"task": MOVE_EVENTS})
