"""
Stored events. The table has one partition a day: every statement names the time it is about, by
which PostgreSQL leaves all other partitions out.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from mesher.protocol.event import Event as FullEvent
from mesher.protocol.event import LogEntry
from mesher.storage.database import ReadConnection
from mesher.storage.event_payloads import decode_payload
from mesher.storage.pages import Page, cut_page, decode_cursor
from mesher.types import Event, Issue, Project, Severity

_COLUMNS = ", ".join(f"e.{name}" for name in Event.__fields__())

# When the event was received, by primary key. It is a statement of its own, because the next one
# then has the time as a value, and is planned for one partition instead of all.
_FIND_TIME = text("""
    SELECT k.received_at FROM event_ids AS k
    WHERE k.project_id = :project_id AND k.event_id = :event_id
""")

# One event by the primary key of its partition.
_FIND = text(f"""
    SELECT {_COLUMNS} FROM events AS e
    WHERE e.id = :event_id AND e.received_at = :received_at AND e.project_id = :project_id
""")

# The first or last event of an issue, and its neighbours in time: idx_events_issue_received of one
# partition after the other, until one has a row.
_FIND_LATEST = text(f"""
    SELECT {_COLUMNS} FROM events AS e
    WHERE e.issue_id = :issue_id
    ORDER BY e.received_at DESC, e.id DESC
    LIMIT 1
""")
_FIND_OLDEST = text(f"""
    SELECT {_COLUMNS} FROM events AS e
    WHERE e.issue_id = :issue_id
    ORDER BY e.received_at, e.id
    LIMIT 1
""")
# The condition on received_at alone is what leaves partitions out; the one on the pair decides.
_FIND_PREVIOUS = text("""
    SELECT e.id FROM events AS e
    WHERE e.issue_id = :issue_id AND e.received_at <= :received_at
      AND (e.received_at, e.id) < (:received_at, :event_id)
    ORDER BY e.received_at DESC, e.id DESC
    LIMIT 1
""")
_FIND_NEXT = text("""
    SELECT e.id FROM events AS e
    WHERE e.issue_id = :issue_id AND e.received_at >= :received_at
      AND (e.received_at, e.id) > (:received_at, :event_id)
    ORDER BY e.received_at, e.id
    LIMIT 1
""")

# A page of an issue's events, latest first, by idx_events_issue_received.
_LIST = """
    SELECT e.id, e.project_id, e.issue_id, e.level, e.message, e.tags, e.user_context,
           e.sdk_name, e.sdk_version, e.received_at
    FROM events AS e
    WHERE e.issue_id = :issue_id {after}
    ORDER BY e.received_at DESC, e.id DESC
    LIMIT :limit
"""
_LIST_FIRST = text(_LIST.format(after=""))
_LIST_AFTER = text(
    _LIST.format(
        after="""AND e.received_at <= :after_time
      AND (e.received_at, e.id) < (:after_time, :after_id)"""
    )
)


class EventSummary(msgspec.Struct, frozen=True, kw_only=True):
    """An event as a list shows it."""

    id: uuid.UUID
    project_id: uuid.UUID
    issue_id: uuid.UUID
    level: Severity
    message: str
    tags: dict[str, str]
    user_context: dict[str, Any] | None
    sdk_name: str | None
    sdk_version: str | None
    received_at: datetime


class Neighbours(msgspec.Struct, frozen=True, kw_only=True):
    """The events of the same issue that were received just before and just after one."""

    previous: uuid.UUID | None
    next: uuid.UUID | None


async def find_event(
    conn: ReadConnection, owner: Project | Issue, event_id: uuid.UUID
) -> Event | None:
    """The event with this id of a project, or of the project that an issue belongs to."""
    project_id = owner.id if isinstance(owner, Project) else owner.project_id
    values: dict[str, Any] = {"project_id": project_id, "event_id": event_id}
    values["received_at"] = (await conn.execute(_FIND_TIME, values)).scalar_one_or_none()
    if values["received_at"] is None:
        return None
    return await _find_one(conn, _FIND, values)


async def find_latest_event(conn: ReadConnection, issue: Issue) -> Event | None:
    """The issue's event that was received last."""
    return await _find_one(conn, _FIND_LATEST, {"issue_id": issue.id})


async def find_oldest_event(conn: ReadConnection, issue: Issue) -> Event | None:
    """The issue's event that was received first, of those that are still kept."""
    return await _find_one(conn, _FIND_OLDEST, {"issue_id": issue.id})


async def find_neighbours(conn: ReadConnection, event: Event) -> Neighbours:
    """The events before and after this one within its issue."""
    values = {
        "issue_id": event.issue_id,
        "received_at": event.received_at,
        "event_id": event.id,
    }
    return Neighbours(
        previous=(await conn.execute(_FIND_PREVIOUS, values)).scalar_one_or_none(),
        next=(await conn.execute(_FIND_NEXT, values)).scalar_one_or_none(),
    )


async def list_events(
    conn: ReadConnection, issue: Issue, *, limit: int, cursor: str | None
) -> Page[EventSummary]:
    """
    One page of an issue's events, latest first.

    Raises:
        ProtocolError: the cursor is not one of this list.
    """
    values: dict[str, Any] = {"issue_id": issue.id, "limit": limit + 1}
    if cursor:
        key = decode_cursor(cursor, tuple[datetime, uuid.UUID])
        values["after_time"], values["after_id"] = key
    result = await conn.execute(_LIST_AFTER if cursor else _LIST_FIRST, values)
    events = [msgspec.convert(row, EventSummary) for row in result.mappings()]
    return cut_page(events, limit, lambda event: (event.received_at, event.id))


def full_event(event: Event) -> FullEvent:
    """The whole normalised event that the row holds; its message alone where the row has no more."""
    if event.payload is None:
        return FullEvent(
            event_id=event.id.hex,
            timestamp=event.received_at.timestamp(),
            level=event.level,
            logentry=LogEntry(formatted=event.message),
            tags=event.tags,
        )
    return decode_payload(event.payload, event_id=event.id, received_at=event.received_at)


async def _find_one(conn: ReadConnection, statement: Any, values: dict[str, Any]) -> Event | None:
    row = (await conn.execute(statement, values)).mappings().one_or_none()
    return Event.from_row(row) if row else None
