"""
What is stored of one person in one project: events whose user is this person, with their files and
feedback, and feedback that the person wrote elsewhere.

Events are looked through day by day, by ``idx_events_project_received``. An index of its own would
cost each event that comes some microseconds, for a question that is asked a few times a year.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal, LiteralString, NamedTuple

from psycopg import Connection, sql
from psycopg.rows import TupleRow, class_row

from mesher.storage.partitions import partition_days, partition_name

PersonKind = Literal["id", "email", "address"]
# Events of one transaction: some tens of milliseconds.
BATCH_EVENTS = 500

_MATCHES: dict[PersonKind, LiteralString] = {
    "id": "e.user_context ->> 'id' = %(value)s",
    "email": "lower(e.user_context ->> 'email') = %(value)s",
    "address": "e.user_context ->> 'ip_address' = %(value)s",
}


class Person(NamedTuple):
    """Who is meant, as SDKs name users: in lower case for e-mails."""

    project_id: uuid.UUID
    kind: PersonKind
    value: str


class StoredEvent(NamedTuple):
    """One event, as far as finding and exporting need it."""

    id: uuid.UUID
    issue_id: uuid.UUID
    received_at: datetime
    message: str
    payload: bytes | None


class StoredFeedback(NamedTuple):
    """What a person wrote."""

    id: uuid.UUID
    event_id: uuid.UUID
    name: str
    email: str
    comments: str
    url: str
    received_at: datetime


class StoredFile(NamedTuple):
    """An attachment without its bytes."""

    id: uuid.UUID
    event_id: uuid.UUID
    name: str
    content_type: str
    size_bytes: int
    received_at: datetime


class Deleted(NamedTuple):
    """How many rows went."""

    events: int
    feedback: int
    attachments: int


def iterate_events(conn: Connection[TupleRow], person: Person) -> Iterator[Sequence[StoredEvent]]:
    """The events of a person in batches, oldest first; each batch is a statement of its own."""
    for day in partition_days(conn):
        after: tuple[datetime, uuid.UUID] | None = None
        while events := _events_of_day(conn, person, day, after):
            yield events
            after = (events[-1].received_at, events[-1].id)


def list_files(
    conn: Connection[TupleRow], project_id: uuid.UUID, event_ids: Sequence[uuid.UUID]
) -> list[StoredFile]:
    """The attachments of events, by idx_attachments_event."""
    with conn.cursor(row_factory=class_row(StoredFile)) as cursor:
        return cursor.execute(
            """
            SELECT id, event_id, name, content_type, size_bytes, received_at FROM attachments
            WHERE project_id = %s AND event_id = ANY (%s) ORDER BY received_at, id
            """,
            (project_id, list(event_ids)),
        ).fetchall()


def list_feedback_about(
    conn: Connection[TupleRow], project_id: uuid.UUID, event_ids: Sequence[uuid.UUID]
) -> list[StoredFeedback]:
    """What was written about events, by idx_user_feedback_event."""
    with conn.cursor(row_factory=class_row(StoredFeedback)) as cursor:
        return cursor.execute(
            f"""
            SELECT {_FEEDBACK} FROM user_feedback
            WHERE project_id = %s AND event_id = ANY (%s) ORDER BY received_at, id
            """,
            (project_id, list(event_ids)),
        ).fetchall()


def list_feedback_by(conn: Connection[TupleRow], person: Person) -> list[StoredFeedback]:
    """What a person wrote, known by the e-mail; a project's feedback, read as a whole."""
    if person.kind != "email":
        return []
    with conn.cursor(row_factory=class_row(StoredFeedback)) as cursor:
        return cursor.execute(
            f"""
            SELECT {_FEEDBACK} FROM user_feedback
            WHERE project_id = %s AND lower(email) = %s ORDER BY received_at, id
            """,
            (person.project_id, person.value),
        ).fetchall()


def delete_events(
    conn: Connection[TupleRow], project_id: uuid.UUID, events: Sequence[StoredEvent]
) -> Deleted:
    """
    Remove events with their files and feedback; the caller commits.

    Their receipts stay in ``event_ids``, which know nothing of a person, so that an SDK that sends an
    event again does not bring it back. ``issues.event_count`` stays as with retention: it says how
    often something happened, not how much of it is kept.
    """
    keys = (project_id, [event.id for event in events])
    files = conn.execute(
        "DELETE FROM attachments WHERE project_id = %s AND event_id = ANY (%s)", keys
    ).rowcount
    feedback = conn.execute(
        "DELETE FROM user_feedback WHERE project_id = %s AND event_id = ANY (%s)", keys
    ).rowcount
    # The times leave partitions out; the ids decide.
    deleted = conn.execute(
        """
        DELETE FROM events
        WHERE project_id = %s AND id = ANY (%s) AND received_at BETWEEN %s AND %s
        """,
        (*keys, events[0].received_at, events[-1].received_at),
    ).rowcount
    return Deleted(deleted, feedback, files)


def delete_feedback_by(conn: Connection[TupleRow], person: Person) -> int:
    """Remove what a person wrote, known by the e-mail."""
    if person.kind != "email":
        return 0
    return conn.execute(
        "DELETE FROM user_feedback WHERE project_id = %s AND lower(email) = %s",
        (person.project_id, person.value),
    ).rowcount


def _events_of_day(
    conn: Connection[TupleRow], person: Person, day: date, after: tuple[datetime, uuid.UUID] | None
) -> list[StoredEvent]:
    values: dict[str, Any] = {**person._asdict(), "limit": BATCH_EVENTS}
    behind: LiteralString = ""
    if after is not None:
        values["after_time"], values["after_id"] = after
        behind = "AND (e.received_at, e.id) > (%(after_time)s, %(after_id)s)"
    statement = sql.SQL(
        """
        SELECT e.id, e.issue_id, e.received_at, e.message, e.payload FROM {table} AS e
        WHERE e.project_id = %(project_id)s AND {matches} {behind}
        ORDER BY e.received_at, e.id
        LIMIT %(limit)s
        """
    ).format(
        table=sql.Identifier(partition_name(day)),
        matches=sql.SQL(_MATCHES[person.kind]),
        behind=sql.SQL(behind),
    )
    with conn.cursor(row_factory=class_row(StoredEvent)) as cursor:
        return cursor.execute(statement, values).fetchall()


_FEEDBACK: LiteralString = "id, event_id, name, email, comments, url, received_at"
