"""What goes wrong with a monitor becomes an event, so that it is an issue like any other."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec
import psycopg
from psycopg.rows import TupleRow

from mesher.alerting.check_ins import Problem, problem_of
from mesher.ingest.digest_alone import digest_alone
from mesher.ingest.journal import Record
from mesher.storage.monitor_problems import (
    RunOfProject,
    list_failed_runs,
    list_latest_runs,
    note_problem,
)

# One issue of each for a monitor in an environment: who did not come has another reason than who fell.
_TITLES: Final = {
    "failed": "{} failed",
    "missed": "{} did not check in",
    "overlong": "{} runs longer than it may",
}


def note_problems(conn: psycopg.Connection[TupleRow], now: datetime) -> Iterator[int]:
    """
    Make an event of each problem of a monitor that is none yet, a transaction each.

    Any number of nodes may do so at once: each problem is one event.

    Args:
        conn: in autocommit mode.
        now: the clock that schedules are held against.

    Returns:
        After each look at a problem, whether it was new: whoever iterates may stop.
    """
    for run in (*list_failed_runs(conn, now), *list_latest_runs(conn)):
        problem = problem_of(run, now)
        if problem is not None:
            yield int(_make_event(conn, run, problem, now))


def _make_event(
    conn: psycopg.Connection[TupleRow], run: RunOfProject, problem: Problem, now: datetime
) -> bool:
    name = f"{run.slug} {run.environment} {problem.kind} {problem.at.isoformat()}"
    event_id = uuid.uuid5(run.project_id, name)
    with conn.transaction():
        is_new = note_problem(
            conn, run, kind=problem.kind, at=problem.at, event_id=event_id, now=now
        )
        if is_new:
            digest_alone(conn, _record(run, problem, event_id, now))
    return is_new


def _record(run: RunOfProject, problem: Problem, event_id: uuid.UUID, now: datetime) -> Record:
    return Record(
        kind="store",
        project_id=run.project_id,
        received_at_us=int(now.timestamp() * 1e6),
        event_ids=[event_id.hex],
        content_encoding="",
        client="mesher.monitors",
        client_ip="",
        context={},
        body=msgspec.json.encode(_payload(run, problem, now)),
    )


def _payload(run: RunOfProject, problem: Problem, now: datetime) -> dict[str, Any]:
    return {
        "timestamp": now.isoformat(),
        "level": "error",
        "logger": "monitors",
        "platform": "other",
        "message": _TITLES[problem.kind].format(run.slug),
        "fingerprint": ["monitor", run.slug, run.environment, problem.kind],
        "environment": run.environment,
        "release": run.release or None,
        "tags": {"monitor": run.slug},
        "contexts": {
            "monitor": {
                "type": "monitor",
                "slug": run.slug,
                "what": f"{run.slug} {problem.text}",
                "last_run": run.started_at.isoformat(),
                "config": run.config,
            }
        },
    }
