"""
Events on their way into the table: the row, and the COPY that writes many of them.

Everything large is ready bytes when it arrives here: JSON text, and the compressed payload.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage import copy_binary as binary

# What an issue is made by: the project and the fingerprint.
IssueKey = tuple[uuid.UUID, str]


class NewEvent(msgspec.Struct, kw_only=True):
    """One event, ready to be stored; JSON columns are JSON text already."""

    id: uuid.UUID
    project_id: uuid.UUID
    received_at_us: int
    category: str  # of the ledger: error, security, ...
    fingerprint: str
    title: str
    culprit: str
    platform: str
    grouping: bytes  # why the event is grouped so
    level: str
    message: str
    exception: bytes | None
    stacktrace: bytes | None
    breadcrumbs: bytes | None
    tags: bytes
    extra: bytes
    user_context: bytes | None
    sdk_name: str | None
    sdk_version: str | None
    payload: bytes  # zstd of the JSON of protocol.event.Event
    grouping_version: int | None = None  # of the algorithm; None: it is not known
    release: str | None = None  # not a column: it makes the release known
    # By which its issue is looked for too, in this order: of an older algorithm, of all calls, ...
    other_fingerprints: Sequence[str] = ()

    @property
    def issue_key(self) -> IssueKey:
        """The key of the issue that is made for the event where its fingerprint is new."""
        return self.project_id, self.fingerprint


_COLUMNS = (
    "id, project_id, issue_id, level, message, fingerprint, exception, stacktrace, breadcrumbs,"
    " tags, extra, user_context, sdk_name, sdk_version, received_at, payload,"
    " grouping_version"
)
_COLUMN_COUNT = 17


def copy_events(conn: Connection[TupleRow], events: Sequence[tuple[NewEvent, uuid.UUID]]) -> None:
    """
    Write events with one COPY; the partitions of their days must be there.

    Args:
        conn: in a transaction.
        events: each with its issue; their ids are known to be new.
    """
    if not events:
        return
    rows = [_row(event, issue_id) for event, issue_id in events]
    with conn.cursor().copy(f"COPY events ({_COLUMNS}) FROM STDIN (FORMAT binary)") as copy:
        copy.write(b"".join((binary.HEADER, *rows, binary.TRAILER)))


def _row(event: NewEvent, issue_id: uuid.UUID) -> bytes:
    return binary.row(
        (
            binary.uuid_field(event.id),
            binary.uuid_field(event.project_id),
            binary.uuid_field(issue_id),
            binary.text_field(event.level),
            binary.text_field(event.message),
            binary.text_field(event.fingerprint),
            binary.jsonb_field(event.exception),
            binary.jsonb_field(event.stacktrace),
            binary.jsonb_field(event.breadcrumbs),
            binary.jsonb_field(event.tags),
            binary.jsonb_field(event.extra),
            binary.jsonb_field(event.user_context),
            binary.text_field(event.sdk_name),
            binary.text_field(event.sdk_version),
            binary.timestamp_field(event.received_at_us),
            binary.bytes_field(event.payload),
            binary.smallint_field(event.grouping_version),
        ),
        count=_COLUMN_COUNT,
    )
