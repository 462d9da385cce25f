"""Stored texts read to be scrubbed once more, and written back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

# Rows of one transaction: some tens of milliseconds, so that nothing waits for them.
BATCH_ROWS = 200


class EventTexts(NamedTuple):
    """All of an event that clients sent; JSON columns as text."""

    id: uuid.UUID
    received_at: datetime
    message: str
    exception: str | None
    stacktrace: str | None
    breadcrumbs: str | None
    tags: str
    extra: str
    user_context: str | None
    payload: bytes | None


class IssueTexts(NamedTuple):
    """What an issue took from its first event."""

    id: uuid.UUID
    title: str
    culprit: str
    grouping: str | None


class FeedbackTexts(NamedTuple):
    """What a person wrote."""

    id: uuid.UUID
    name: str
    comments: str
    url: str


def count_events(conn: Connection[TupleRow], project_id: uuid.UUID, since: datetime) -> int:
    """How many events a project has received since, by idx_events_project_received."""
    row = conn.execute(
        "SELECT count(*) FROM events WHERE project_id = %s AND received_at >= %s",
        (project_id, since),
    ).fetchall()
    counted: int = row[0][0]
    return counted


def next_events(
    conn: Connection[TupleRow],
    project_id: uuid.UUID,
    since: datetime,
    after: tuple[datetime, uuid.UUID] | None,
) -> Sequence[EventTexts]:
    """The next events behind one, oldest first, by idx_events_project_received."""
    begin, last_id = after or (since, uuid.UUID(int=0))
    with conn.cursor(row_factory=class_row(EventTexts)) as cursor:
        return cursor.execute(
            """
            SELECT id, received_at, message, exception::text, stacktrace::text, breadcrumbs::text,
                tags::text, extra::text, user_context::text, payload
            FROM events
            WHERE project_id = %(project_id)s AND received_at >= %(begin)s
                AND (received_at, id) > (%(begin)s, %(last_id)s)
            ORDER BY received_at, id
            LIMIT %(rows)s
            """,
            {"project_id": project_id, "begin": begin, "last_id": last_id, "rows": BATCH_ROWS},
        ).fetchall()


def write_events(conn: Connection[TupleRow], events: Iterable[Mapping[str, Any]]) -> None:
    """Write the texts of events back, given by the names of ``EventTexts``; the caller commits."""
    conn.cursor().executemany(
        """
        UPDATE events SET message = %(message)s, exception = %(exception)s::jsonb,
            stacktrace = %(stacktrace)s::jsonb, breadcrumbs = %(breadcrumbs)s::jsonb,
            tags = %(tags)s::jsonb, extra = %(extra)s::jsonb,
            user_context = %(user_context)s::jsonb, payload = %(payload)s
        WHERE id = %(id)s AND received_at = %(received_at)s
        """,
        events,
    )


def list_issue_texts(conn: Connection[TupleRow], project_id: uuid.UUID) -> Sequence[IssueTexts]:
    """Those of every issue of a project, by idx_issues_project_status."""
    with conn.cursor(row_factory=class_row(IssueTexts)) as cursor:
        return cursor.execute(
            "SELECT id, title, culprit, grouping::text FROM issues WHERE project_id = %s",
            (project_id,),
        ).fetchall()


def write_issue(conn: Connection[TupleRow], issue: IssueTexts) -> None:
    """Write the texts of an issue back; its figures are not touched."""
    conn.execute(
        """
        UPDATE issues SET title = %(title)s, culprit = %(culprit)s, grouping = %(grouping)s::jsonb
        WHERE id = %(id)s
        """,
        issue._asdict(),
    )


def list_feedback_texts(
    conn: Connection[TupleRow], project_id: uuid.UUID, since: datetime
) -> Sequence[FeedbackTexts]:
    """Those of a project since, by idx_user_feedback_received."""
    with conn.cursor(row_factory=class_row(FeedbackTexts)) as cursor:
        return cursor.execute(
            """
            SELECT id, name, comments, url FROM user_feedback
            WHERE project_id = %s AND received_at >= %s
            """,
            (project_id, since),
        ).fetchall()


def write_feedback(conn: Connection[TupleRow], feedback: FeedbackTexts) -> None:
    """Write the texts of feedback back."""
    conn.execute(
        "UPDATE user_feedback SET name = %(name)s, comments = %(comments)s, url = %(url)s"
        " WHERE id = %(id)s",
        feedback._asdict(),
    )
