"""
Fills a database with events as they would have come over some weeks, through the statements by which
Mesher stores them.

The events are those of ``data``, digested once each. Issues are distributed as bugs are: the tenth
most frequent has a tenth of the events of the first (Zipf). Users, releases, environments and
customers are tags of skewed values. Times are even over the days.

    .venv/bin/python benchmarks/seed.py --database-url postgresql://… --project my-project --events 1000000
"""

from __future__ import annotations

import argparse
import bisect
import itertools
import random
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
from rich.progress import MofNCompleteColumn, Progress

from mesher.ingest.digest import digest_record
from mesher.ingest.journal import Record
from mesher.ingest.policies import Policies
from mesher.storage.connection import connect
from mesher.storage.event_releases import ProjectRelease
from mesher.storage.ingest_batch import Batch, store_batch
from mesher.storage.new_events import NewEvent
from mesher.storage.partitions import make_partitions
from sdk_requests import load_captured

BATCH_EVENTS = 1000
_ENVIRONMENTS = ("production",) * 8 + ("staging",) * 3 + ("development",)
_RELEASES = 40
_USERS = 50_000
_CUSTOMERS = 2_000


def main() -> None:
    """Fill a project."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--project", default="my-project", help="its slug")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--issues", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=30)
    arguments = parser.parse_args()
    with connect(arguments.database_url, application_name="seed") as conn:
        row = conn.execute(
            "SELECT id FROM projects WHERE slug = %s", (arguments.project,)
        ).fetchone()
        if row is None:
            sys.exit(f"there is no project {arguments.project}")
        bar = Progress(*Progress.get_default_columns(), MofNCompleteColumn())
        with bar:
            task = bar.add_task("events", total=arguments.events)
            seed(
                conn,
                row[0],
                events=arguments.events,
                issues=arguments.issues,
                days=arguments.days,
                progress=lambda count: bar.advance(task, count),
            )


def seed(
    conn: psycopg.Connection,
    project_id: uuid.UUID,
    *,
    events: int,
    issues: int,
    days: int,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """
    Store that many events of a project, received over the last ``days``, and gather statistics.

    Args:
        conn: in autocommit mode.
        project_id: whose.
        events: how many.
        issues: how many bugs they are of; the rarest may not occur.
        days: of receipt, until now.
        progress: told how many more are stored.
    """
    end = datetime.now(UTC)
    make_partitions(conn, (end - timedelta(days=days)).date(), days_ahead=days + 1)
    conn.execute("SET synchronous_commit = off")  # a crash costs this data, which can be made anew
    number = random.Random(events)
    known: set[ProjectRelease] = set()
    shard, position = uuid.uuid4(), 0
    made = _make_events(number, project_id, events=events, issues=issues, end=end, days=days)
    while batch_events := list(itertools.islice(made, BATCH_EVENTS)):
        batch = Batch(shard_id=shard, after=position, position=position + len(batch_events))
        batch.events = batch_events
        releases = {
            ProjectRelease(project_id, event.release) for event in batch_events if event.release
        }
        batch.new_releases = releases - known
        known |= releases
        with conn.transaction():
            store_batch(conn, batch)
        position = batch.position
        progress(len(batch_events))
    conn.execute("ANALYZE")


def _make_events(
    number: random.Random,
    project_id: uuid.UUID,
    *,
    events: int,
    issues: int,
    end: datetime,
    days: int,
) -> Iterator[NewEvent]:
    patterns = _patterns(project_id)
    weights = list(itertools.accumulate(1 / rank for rank in range(1, issues + 1)))
    begin_us = int((end - timedelta(days=days)).timestamp() * 1e6)
    step_us = days * 86_400_000_000 // events
    for index in range(events):
        issue = bisect.bisect(weights, number.random() * weights[-1])
        pattern, tags = patterns[issue % len(patterns)]
        release = f"shop@{min(int(number.expovariate(0.2)), _RELEASES - 1)}.0"
        user = f"id:{int(number.paretovariate(0.7)) % _USERS}"
        yield msgspec.structs.replace(
            pattern,
            id=uuid.UUID(int=number.getrandbits(128)),
            received_at_us=begin_us + index * step_us,
            fingerprint=f"{issue:032x}",
            title=f"{pattern.title} ({issue})",
            release=release,
            tags=msgspec.json.encode(
                {
                    **tags,
                    "release": release,
                    "environment": number.choice(_ENVIRONMENTS),
                    "user": user,
                    "customer": f"c{int(number.paretovariate(0.5)) % _CUSTOMERS}",
                }
            ),
            user_context=msgspec.json.encode({"id": user.removeprefix("id:")}),
        )


def _patterns(project_id: uuid.UUID) -> list[tuple[NewEvent, dict[str, str]]]:
    """The captured events as rows, with their tags."""
    found = []
    for captured in load_captured():
        record = Record(
            kind="envelope",
            project_id=project_id,
            received_at_us=time.time_ns() // 1000,
            event_ids=[uuid.uuid4().hex],
            content_encoding="",
            client="",
            client_ip="",
            context={},
            body=captured.envelope(),
        )
        digested = digest_record(record, Policies().find(project_id))
        found += [(event, msgspec.json.decode(event.tags)) for event in digested.events]
    return found


if __name__ == "__main__":
    main()
