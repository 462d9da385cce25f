"""The issues of a batch of events: made where they are new, moved forward where they are known."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.json_rows import json_rows
from mesher.storage.ledger import moment_of
from mesher.storage.new_events import IssueKey, NewEvent

# A known issue keeps its title, culprit, platform and explanation: those of its first event. One
# that was resolved becomes unresolved by an event that was received after it was resolved; an event
# that waited in the journal meanwhile does not reopen it. A discarded one keeps its figures.
_UPSERT = """
    INSERT INTO issues AS i (project_id, fingerprint, title, culprit, platform, grouping, level,
                             event_count, first_seen, last_seen)
    SELECT project_id, fingerprint, title, culprit, platform, grouping, level,
           event_count, first_seen, last_seen
    FROM json_to_recordset(%s::json) AS new(
        project_id uuid, fingerprint text, title text, culprit text, platform text,
        grouping jsonb, level text, event_count integer, first_seen timestamptz,
        last_seen timestamptz)
    ON CONFLICT (project_id, fingerprint) DO UPDATE SET
        level = CASE WHEN excluded.last_seen >= i.last_seen THEN excluded.level ELSE i.level END,
        event_count = i.event_count + excluded.event_count,
        first_seen = least(i.first_seen, excluded.first_seen),
        last_seen = greatest(i.last_seen, excluded.last_seen),
        (status, status_changed_at) = (
            SELECT CASE WHEN reopened THEN 'unresolved' ELSE i.status END,
                   CASE WHEN reopened THEN excluded.last_seen ELSE i.status_changed_at END
            FROM (SELECT i.status = 'resolved'
                         AND excluded.last_seen > coalesce(i.status_changed_at, '-infinity')
                         AS reopened) AS decision
        )
    WHERE i.status <> 'discarded'
    RETURNING i.project_id, i.fingerprint, i.id
"""


def upsert_issues(
    conn: Connection[TupleRow], events: Iterable[NewEvent]
) -> dict[IssueKey, uuid.UUID]:
    """
    Make or update the issue of each event; counts and times move by the events given.

    Returns:
        The issue of each key; a key that is not there belongs to a discarded issue, which keeps its
        figures and whose events are not wanted.
    """
    by_issue: dict[IssueKey, list[NewEvent]] = {}
    for event in events:
        by_issue.setdefault(event.issue_key, []).append(event)
    if not by_issue:
        return {}
    # Sorted: parallel batches lock the rows they share in one order.
    rows = json_rows(_seen(key, by_issue[key]) for key in sorted(by_issue, key=_order))
    found = conn.execute(_UPSERT, (rows,), binary=True).fetchall()
    return {(project_id, fingerprint): issue_id for project_id, fingerprint, issue_id in found}


class _SeenIssue(msgspec.Struct):
    """What a batch saw of one issue."""

    project_id: uuid.UUID
    fingerprint: str
    title: str
    culprit: str
    platform: str
    grouping: msgspec.Raw
    level: str
    event_count: int
    first_seen: datetime
    last_seen: datetime


def _order(key: IssueKey) -> tuple[int, str]:
    project_id, fingerprint = key
    return project_id.int, fingerprint


def _seen(key: IssueKey, events: Sequence[NewEvent]) -> _SeenIssue:
    newest = max(events, key=_received_at_us)
    oldest = min(events, key=_received_at_us)
    return _SeenIssue(
        *key,
        title=oldest.title,
        culprit=oldest.culprit,
        platform=oldest.platform,
        grouping=msgspec.Raw(oldest.grouping),
        level=newest.level,
        event_count=len(events),
        first_seen=moment_of(oldest.received_at_us),
        last_seen=moment_of(newest.received_at_us),
    )


_received_at_us = attrgetter("received_at_us")
