"""
How many events came, by hour: of each issue, and of each project and level.

Counts are written in the transaction that stores the events, and after the issues are locked, so that
batches and moves wait for each other there and never here. They say what came: what retention or a
person's erasure removes of an hour stays counted until the hour itself is past retention.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.json_rows import json_rows
from mesher.storage.ledger import hour_of
from mesher.storage.new_events import NewEvent

# In the order of the primary keys, as every statement here.
_ADD_TO_ISSUES: LiteralString = """
    INSERT INTO issue_counts AS c (issue_id, hour, project_id, events)
    SELECT issue_id, hour, project_id, events
    FROM json_to_recordset(%s::json)
    AS new(issue_id uuid, hour timestamptz, project_id uuid, events bigint)
    ON CONFLICT (issue_id, hour) DO UPDATE SET events = c.events + excluded.events
"""
_ADD_TO_PROJECTS: LiteralString = """
    INSERT INTO project_counts AS c (project_id, hour, level, events)
    SELECT project_id, hour, level, events
    FROM json_to_recordset(%s::json)
    AS new(project_id uuid, hour timestamptz, level text, events bigint)
    ON CONFLICT (project_id, hour, level) DO UPDATE SET events = c.events + excluded.events
"""
_MOVE_ALL: LiteralString = """
    INSERT INTO issue_counts AS c (issue_id, hour, project_id, events)
    SELECT %(to_issue)s, hour, project_id, events FROM issue_counts
    WHERE issue_id = %(from_issue)s ORDER BY hour
    ON CONFLICT (issue_id, hour) DO UPDATE SET events = c.events + excluded.events
"""
_DELETE: LiteralString = "DELETE FROM issue_counts WHERE issue_id = %s"
_DELETE_EMPTY: LiteralString = "DELETE FROM issue_counts WHERE issue_id = %s AND events <= 0"


def count_events(conn: Connection[TupleRow], placed: Sequence[tuple[NewEvent, uuid.UUID]]) -> None:
    """Count events that were stored, each with the issue that it is in."""
    if not placed:
        return
    issues: Counter[tuple[uuid.UUID, datetime, uuid.UUID]] = Counter()
    projects: Counter[tuple[uuid.UUID, datetime, str]] = Counter()
    for event, issue_id in placed:
        hour = hour_of(event.received_at_us)
        issues[issue_id, hour, event.project_id] += 1
        projects[event.project_id, hour, event.level] += 1
    _add_to_issues(conn, issues)
    names = ("project_id", "hour", "level")
    rows = (dict(zip(names, key, strict=True), events=projects[key]) for key in sorted(projects))
    conn.execute(_ADD_TO_PROJECTS, (json_rows(rows),))


def move_counts(
    conn: Connection[TupleRow],
    *,
    project_id: uuid.UUID,
    from_issue: uuid.UUID,
    to_issue: uuid.UUID,
    hours: Mapping[datetime, int],
) -> None:
    """
    Count events in another issue from now on; both issues are locked.

    Args:
        conn: in the transaction that moves them.
        project_id: of both issues.
        from_issue: that they were in.
        to_issue: that they are in now.
        hours: how many were received in which hour.
    """
    if from_issue == to_issue:
        return
    issues: Counter[tuple[uuid.UUID, datetime, uuid.UUID]] = Counter()
    for hour, events in hours.items():
        issues[to_issue, hour, project_id] = events
        issues[from_issue, hour, project_id] = -events
    _add_to_issues(conn, issues)
    conn.execute(_DELETE_EMPTY, (from_issue,))


def move_all_counts(
    conn: Connection[TupleRow], *, from_issue: uuid.UUID, to_issue: uuid.UUID
) -> None:
    """Count everything of an issue in another one; both are locked."""
    conn.execute(_MOVE_ALL, {"from_issue": from_issue, "to_issue": to_issue})
    conn.execute(_DELETE, (from_issue,))


def _add_to_issues(
    conn: Connection[TupleRow], counts: Counter[tuple[uuid.UUID, datetime, uuid.UUID]]
) -> None:
    names = ("issue_id", "hour", "project_id")
    rows = (dict(zip(names, key, strict=True), events=counts[key]) for key in sorted(counts))
    conn.execute(_ADD_TO_ISSUES, (json_rows(rows),))
