"""
Issues that come back because of the events of a batch: resolved ones that happen again, and archived
ones of which as many events have come as people wanted to wait for.

``issue_upsert`` has counted the events and holds the rows' locks, so whatever else decides about these
issues waits for the commit: each comes back once, by one event.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, LiteralString

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from mesher.storage.json_rows import json_rows
from mesher.storage.ledger import moment_of
from mesher.storage.new_activity import NewEntry, insert_entries
from mesher.storage.new_alert_signals import Signal
from mesher.storage.new_events import NewEvent
from mesher.values.release_version import compare_versions
from mesher.values.triage import Archive, IssueSubstatus, Resolution

# By primary key.
_READ: LiteralString = """
    SELECT id, project_id, status, status_changed_at, resolution, archive
    FROM issues WHERE id = ANY (%s)
"""

# When releases were made, by the unique index on organisation and version.
_FIND_RELEASES: LiteralString = """
    SELECT p.id, r.version, r.created_at
    FROM json_to_recordset(%s::json) AS named(project_id uuid, version text)
    JOIN projects AS p ON p.id = named.project_id
    JOIN releases AS r ON r.org_id = p.org_id AND r.version = named.version
"""

# When events came within a time, the oldest first, by idx_events_issue_received of its partitions.
_FIND_TIMES: LiteralString = """
    SELECT received_at FROM events
    WHERE issue_id = %s AND received_at > %s AND received_at <= %s
    ORDER BY received_at
"""

_WAKE: LiteralString = """
    UPDATE issues AS i
    SET status = 'unresolved', substatus = w.substatus, status_changed_at = w.at,
        resolution = NULL, archive = NULL
    FROM json_to_recordset(%s::json) AS w(issue_id uuid, substatus text, at timestamptz)
    WHERE i.id = w.issue_id
"""

_COUNT_DOWN: LiteralString = """
    UPDATE issues AS i SET archive = c.archive
    FROM json_to_recordset(%s::json) AS c(issue_id uuid, archive jsonb)
    WHERE i.id = c.issue_id
"""

_Made = Mapping[tuple[uuid.UUID, str], datetime]


class _Sleeper(msgspec.Struct):
    """An issue that the events of a batch may bring back."""

    id: uuid.UUID
    project_id: uuid.UUID
    status: str
    status_changed_at: datetime | None
    resolution: Resolution | None
    archive: Archive | None


class _Woken(msgspec.Struct):
    """An issue that comes back."""

    issue_id: uuid.UUID
    project_id: uuid.UUID
    substatus: IssueSubstatus
    at: datetime
    kind: str
    details: dict[str, Any]


def wake_issues(
    conn: Connection[TupleRow], arrived: Mapping[uuid.UUID, Sequence[NewEvent]]
) -> list[Signal]:
    """
    Bring back those issues that the events which they got bring back.

    Args:
        conn: in the transaction that has counted the events, and has not stored them.
        arrived: the events of issues that are resolved, or archived until some events have come.

    Returns:
        That resolved issues came back, for alert rules.
    """
    if not arrived:
        return []
    rows = conn.cursor(row_factory=dict_row).execute(_READ, (list(arrived),)).fetchall()
    sleepers = msgspec.convert(rows, list[_Sleeper])
    made = _find_releases(conn, sleepers, arrived)
    woken: list[_Woken] = []
    counted: list[dict[str, Any]] = []
    for sleeper in sleepers:
        events = sorted(arrived[sleeper.id], key=_received_at_us)
        if sleeper.status == "resolved":
            if event := next((one for one in events if _reopens(one, sleeper, made)), None):
                woken.append(_regressed(sleeper, event))
        elif sleeper.archive and sleeper.archive.events:
            if event := _last_awaited(conn, sleeper, sleeper.archive, events):
                woken.append(_ended(sleeper, event))
            elif (left := sleeper.archive.events_left) is not None:
                archive = msgspec.structs.replace(sleeper.archive, events_left=left - len(events))
                counted.append({"issue_id": sleeper.id, "archive": archive})
    if woken:
        conn.execute(_WAKE, (json_rows(woken),))
        insert_entries(conn, map(_entry, woken))
    if counted:
        conn.execute(_COUNT_DOWN, (json_rows(counted),))
    return [
        Signal(one.project_id, one.issue_id, "regression", one.at)
        for one in woken
        if one.kind == "regressed"
    ]


def is_after(
    version: str, other: str, made: Mapping[str, datetime], *, or_same: bool = False
) -> bool:
    """
    Whether a release is newer than another: by name where that tells, else by when they were made.

    Args:
        version: of the release that is asked about; one that nobody has made yet is the newest.
        other: one that was deleted is older than all.
        made: when each was made that is there.
        or_same: what is said of a release and itself.
    """
    if version == other:
        return or_same
    if order := compare_versions(version, other):
        return order > 0
    if version not in made or other not in made:
        return True
    return made[version] > made[other]


def _reopens(event: NewEvent, issue: _Sleeper, made: _Made) -> bool:
    """
    Whether an event shows that an issue is not resolved.

    As Sentry decides: one that was received before that does not; nor, where it was resolved in a
    release, does one of an older release, or of none: it must be from before releases were named. Of
    the release that has the fix it does; resolved in the next one, of the one before does not.
    """
    if (
        issue.status_changed_at is not None
        and moment_of(event.received_at_us) <= issue.status_changed_at
    ):
        return False
    resolution = issue.resolution
    if resolution is None:
        return True
    if not event.release:
        return False
    times = {version: at for (project, version), at in made.items() if project == issue.project_id}
    if resolution.after_release is not None:
        return is_after(event.release, resolution.after_release, times)
    if resolution.in_release is not None:
        return is_after(event.release, resolution.in_release, times, or_same=True)
    return True


def _find_releases(
    conn: Connection[TupleRow],
    sleepers: Iterable[_Sleeper],
    arrived: Mapping[uuid.UUID, Sequence[NewEvent]],
) -> _Made:
    """When the releases that decide were made, by project and version."""
    named = {
        (issue.project_id, version)
        for issue in sleepers
        if issue.resolution
        for version in (
            issue.resolution.after_release,
            issue.resolution.in_release,
            *(event.release for event in arrived[issue.id]),
        )
        if version
    }
    if not named:
        return {}
    rows = json_rows({"project_id": project, "version": version} for project, version in named)
    found = conn.execute(_FIND_RELEASES, (rows,)).fetchall()
    return {(project, version): at for project, version, at in found}


def _last_awaited(
    conn: Connection[TupleRow], issue: _Sleeper, archive: Archive, events: Sequence[NewEvent]
) -> NewEvent | None:
    """The event with which as many have come as were waited for; ``None``: not yet."""
    if archive.events_left is not None:
        place = archive.events_left - 1
        return events[place] if place < len(events) else None
    assert archive.events is not None  # noqa: S101 - the caller has looked
    window = timedelta(minutes=archive.window_minutes or 0)
    newest = moment_of(events[-1].received_at_us)
    begin = moment_of(events[0].received_at_us) - window
    if issue.status_changed_at is not None:
        begin = max(begin, issue.status_changed_at)
    stored = conn.execute(_FIND_TIMES, (issue.id, begin, newest)).fetchall()
    timed = [(at, None) for (at,) in stored]
    mine = [(moment_of(event.received_at_us), event) for event in events]
    within: deque[datetime] = deque()
    for at, event in sorted([*timed, *mine], key=lambda one: one[0]):
        if at <= begin:
            continue
        within.append(at)
        while within[0] <= at - window:
            within.popleft()
        if event is not None and len(within) >= archive.events:
            return event
    return None


def _regressed(issue: _Sleeper, event: NewEvent) -> _Woken:
    details: dict[str, Any] = {"event_id": event.id, "release": event.release}
    if issue.resolution:
        details["resolution"] = issue.resolution
    at = moment_of(event.received_at_us)
    return _Woken(issue.id, issue.project_id, "regressed", at, "regressed", details)


def _ended(issue: _Sleeper, event: NewEvent) -> _Woken:
    details = {"event_id": event.id, "because": "events", "archive": issue.archive}
    at = moment_of(event.received_at_us)
    return _Woken(issue.id, issue.project_id, "ongoing", at, "archive_ended", details)


def _entry(woken: _Woken) -> NewEntry:
    return NewEntry(
        project_id=woken.project_id,
        issue_id=woken.issue_id,
        kind=woken.kind,
        at=woken.at,
        details=woken.details,
    )


_received_at_us = attrgetter("received_at_us")
