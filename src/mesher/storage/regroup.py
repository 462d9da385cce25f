"""
Stored events, read in order to group them anew, and issues that change because they were.

Where events go is decided in one transaction (``settle``): bindings, and rows for new issues. Events
follow in steps (``storage.issue_moves``).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

from mesher.storage.issue_bindings import find_bindings, hold_bindings_alone
from mesher.storage.issue_moves import hold_moves_alone
from mesher.storage.issue_signatures import Described, insert_signatures

# Payloads of 5 KB on average are read at once: a megabyte, and some hundredths of a second of work.
BATCH_EVENTS = 200

# A project's events, latest first, by idx_events_project_received of one partition after the other.
# The conditions on received_at alone are what leaves partitions out.
_NEXT: LiteralString = """
    SELECT e.id, e.issue_id, e.fingerprint, e.received_at, e.payload FROM events AS e
    WHERE e.project_id = %(project_id)s AND e.received_at >= %(since)s
      AND e.received_at <= %(before_time)s
      AND (e.received_at, e.id) < (%(before_time)s, %(before_id)s)
    ORDER BY e.received_at DESC, e.id DESC
    LIMIT %(limit)s
"""

_COUNT: LiteralString = "SELECT count(*) FROM events WHERE project_id = %s AND received_at >= %s"

_TITLES: LiteralString = "SELECT id, title FROM issues WHERE project_id = %s AND id = ANY (%s)"

_STILL_THERE: LiteralString = "SELECT id FROM issues WHERE project_id = %s AND id = ANY (%s)"

# The new issue has no events yet; its times and level come with them.
_INSERT_ISSUE: LiteralString = """
    INSERT INTO issues (project_id, fingerprint, title, culprit, platform, grouping, level)
    VALUES (%(project_id)s, %(fingerprint)s, %(title)s, %(culprit)s, %(platform)s, %(grouping)s,
            %(level)s)
    ON CONFLICT (project_id, fingerprint) DO UPDATE SET fingerprint = excluded.fingerprint
    RETURNING id
"""

_BIND: LiteralString = """
    INSERT INTO issue_fingerprints (project_id, fingerprint, issue_id) VALUES (%s, %s, %s)
"""

# By the primary keys of the partitions that hold the events.
_NOTE: LiteralString = """
    UPDATE events AS e SET fingerprint = %(fingerprint)s, grouping_version = %(version)s
    FROM event_ids AS k
    WHERE k.project_id = %(project_id)s AND k.event_id = ANY (%(event_ids)s)
      AND e.id = k.event_id AND e.received_at = k.received_at AND e.issue_id = %(issue_id)s
"""


class StoredEvent(NamedTuple):
    """What grouping needs of a stored event."""

    id: uuid.UUID
    issue_id: uuid.UUID
    fingerprint: str
    received_at: datetime
    payload: bytes | None  # None: stored by a release that kept no more than the columns


class NewLooks(msgspec.Struct, frozen=True, kw_only=True):
    """How an issue that is made for a fingerprint is called, and why its events are together."""

    title: str
    culprit: str
    platform: str
    level: str
    grouping: Any  # JSON
    version: int  # of grouping


def read_events(
    conn: Connection[TupleRow], project_id: uuid.UUID, *, since: datetime
) -> Iterator[list[StoredEvent]]:
    """A project's events from a time on, latest first, in batches."""
    before = StoredEvent(
        uuid.UUID(int=0), uuid.UUID(int=0), "", datetime.max.replace(tzinfo=UTC), None
    )
    while True:
        values = {
            "project_id": project_id,
            "since": since,
            "before_time": before.received_at,
            "before_id": before.id,
            "limit": BATCH_EVENTS,
        }
        rows = conn.execute(_NEXT, values, binary=True).fetchall()
        if not rows:
            return
        events = [StoredEvent(*row) for row in rows]
        yield events
        before = events[-1]


def count_events(conn: Connection[TupleRow], project_id: uuid.UUID, *, since: datetime) -> int:
    """How many events ``read_events`` would give now."""
    found = conn.execute(_COUNT, (project_id, since)).fetchone()
    return found[0] if found else 0


def find_bound(
    conn: Connection[TupleRow], project_id: uuid.UUID, fingerprints: Collection[str]
) -> dict[str, uuid.UUID]:
    """The issues of those fingerprints that are bound to one."""
    keys = [(project_id, one) for one in fingerprints]
    return {key[1]: binding.issue_id for key, binding in find_bindings(conn, keys).items()}


def find_titles(
    conn: Connection[TupleRow], project_id: uuid.UUID, issue_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, str]:
    """The titles of those issues of the project that are there."""
    return dict(conn.execute(_TITLES, (project_id, list(issue_ids))).fetchall())


def settle(
    conn: Connection[TupleRow],
    project_id: uuid.UUID,
    targets: Mapping[str, uuid.UUID | None],
    looks: Mapping[str, NewLooks],
) -> dict[str, uuid.UUID]:
    """
    Bind fingerprints to issues, in the caller's transaction; be short after it.

    A fingerprint that was bound meanwhile stays so; one whose issue was deleted makes a new one.

    Args:
        conn: in a transaction.
        project_id: of all issues.
        targets: the issue of each fingerprint; None: it makes one.
        looks: how that is called.

    Returns:
        The issue of each fingerprint.
    """
    hold_moves_alone(conn, project_id)
    hold_bindings_alone(conn, project_id)
    homes = find_bound(conn, project_id, targets)
    wanted = [target for target in targets.values() if target]
    there = {row[0] for row in conn.execute(_STILL_THERE, (project_id, wanted)).fetchall()}
    for fingerprint in sorted(targets.keys() - homes.keys()):
        home = targets[fingerprint]
        if home is None or home not in there:
            home = _make_issue(conn, project_id, fingerprint, looks[fingerprint])
        conn.execute(_BIND, (project_id, fingerprint, home))
        homes[fingerprint] = home
    return homes


def note_fingerprint(
    conn: Connection[TupleRow],
    *,
    project_id: uuid.UUID,
    issue_id: uuid.UUID,
    event_ids: Sequence[uuid.UUID],
    fingerprint: str,
    version: int,
) -> None:
    """Note the fingerprint that events have now, which are in this issue."""
    conn.execute(
        _NOTE,
        {
            "project_id": project_id,
            "issue_id": issue_id,
            "event_ids": list(event_ids),
            "fingerprint": fingerprint,
            "version": version,
        },
    )


def _make_issue(
    conn: Connection[TupleRow], project_id: uuid.UUID, fingerprint: str, looks: NewLooks
) -> uuid.UUID:
    values = msgspec.structs.asdict(looks)
    values |= {"project_id": project_id, "fingerprint": fingerprint}
    values["grouping"] = Jsonb(looks.grouping)
    made = conn.cursor(row_factory=class_row(_Made)).execute(_INSERT_ISSUE, values).fetchone()
    assert made is not None  # noqa: S101 - an INSERT with DO UPDATE always returns its row
    insert_signatures(conn, [Described(made.id, project_id, looks.title, looks.grouping)])
    return made.id


class _Made(NamedTuple):
    id: uuid.UUID
