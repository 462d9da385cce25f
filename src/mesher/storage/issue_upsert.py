"""The issues of a batch of events: made where they are new, moved forward where they are known."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from operator import attrgetter

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.issue_bindings import (
    Binding,
    Route,
    bind_fingerprints,
    find_bindings,
    find_routes,
    hold_bindings,
    make_bindings_alone,
)
from mesher.storage.issue_routes import meets
from mesher.storage.issue_signatures import Described, insert_signatures
from mesher.storage.issue_waking import wake_issues
from mesher.storage.json_rows import json_rows
from mesher.storage.ledger import moment_of
from mesher.storage.new_alert_signals import Signal, note_signals
from mesher.storage.new_events import IssueKey, NewEvent

# A known issue keeps its title, culprit, platform and explanation: those of its first event. A
# discarded one keeps its figures. Which of the others may come back, is the last column.
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
        last_seen = greatest(i.last_seen, excluded.last_seen)
    WHERE i.status <> 'discarded'
    -- No other transaction has ever locked a row that this statement has just made.
    RETURNING i.project_id, i.fingerprint, i.id, i.xmax = 0,
              i.status = 'resolved'
              OR i.status = 'archived' AND coalesce(i.archive ->> 'events', '') <> ''
"""


def upsert_issues(
    conn: Connection[TupleRow], events: Iterable[NewEvent]
) -> list[tuple[NewEvent, uuid.UUID]]:
    """
    Make or update the issue of each event; counts and times move by the events given.

    An event goes to the issue that its fingerprint is bound to; if it is bound to none, to that of
    the first of its other fingerprints that is. Then all of them are bound to that issue. Resolved and
    archived issues may come back by it (``issue_waking``).

    Returns:
        The events that are wanted, each with its issue; those of a discarded issue, which keeps its
        figures, are not.
    """
    by_key: dict[IssueKey, list[NewEvent]] = {}
    for event in events:
        by_key.setdefault(event.issue_key, []).append(event)
    if not by_key:
        return []
    hold_bindings(conn, (project_id for project_id, _ in by_key))
    homes = _find_homes(conn, by_key)
    by_issue: dict[IssueKey, list[NewEvent]] = {}
    for key, group in by_key.items():
        for home, some in homes.divide(key, group):
            by_issue.setdefault(home, []).extend(some)
    # Sorted: parallel batches lock the rows they share in one order.
    seen = {key: _seen(key, by_issue[key]) for key in sorted(by_issue, key=_order)}
    found = conn.execute(_UPSERT, (json_rows(seen.values()),), binary=True).fetchall()
    issues: dict[IssueKey, uuid.UUID] = {(row[0], row[1]): row[2] for row in found}
    made = {(row[0], row[1]) for row in found if row[3]}
    bind_fingerprints(conn, homes.to_bind(issues, made))
    insert_signatures(conn, (_described(issues[key], seen[key]) for key in made))
    came_back = wake_issues(conn, {row[2]: by_issue[row[0], row[1]] for row in found if row[4]})
    signals = [Signal(key[0], issues[key], "new_issue", seen[key].first_seen) for key in made]
    note_signals(conn, signals + came_back)
    placed: list[tuple[NewEvent, uuid.UUID]] = []
    for key, group in by_issue.items():
        if issue_id := issues.get(key):
            placed += [(event, issue_id) for event in group]
    return placed


class _Homes:
    """Which issue, by its own fingerprint, each fingerprint of a batch leads to."""

    def __init__(
        self, bindings: dict[IssueKey, Binding], routes: dict[IssueKey, list[Route]]
    ) -> None:
        self._home = {key: binding.issue_key for key, binding in bindings.items()}
        self._found = {binding.issue_key: binding.issue_id for binding in bindings.values()}
        self._routes = routes
        self._unbound: set[IssueKey] = set()

    def settle(self, key: IssueKey, others: Collection[IssueKey]) -> None:
        """Find a home for fingerprints that some events have in common, the first of them theirs."""
        if key in self._home and not others:
            return
        wanted = [key, *others]
        home = next((self._home[one] for one in wanted if one in self._home), key)
        for one in wanted:
            if one not in self._home:
                self._home[one] = home
                self._unbound.add(one)

    def divide(
        self, key: IssueKey, events: list[NewEvent]
    ) -> Iterable[tuple[IssueKey, list[NewEvent]]]:
        """The issues of events that have a fingerprint in common; nearly always it is one."""
        if key not in self._routes:
            return [(self._home[key], events)]
        return [(self._of_event(event, key), [event]) for event in events]

    def _of_event(self, event: NewEvent, key: IssueKey) -> IssueKey:
        for route in self._routes[key]:
            if meets(event, route.condition):
                return route.issue_key
        return self._home[key]

    def to_bind(
        self, issues: dict[IssueKey, uuid.UUID], made: set[IssueKey]
    ) -> dict[IssueKey, uuid.UUID]:
        """
        The bindings that are missing: of new fingerprints, and of those whose issue was deleted
        after it was found, and is made anew. A discarded issue is updated by nothing, and yet has
        to keep its events away by all their fingerprints.
        """
        if not self._unbound and not made:
            return {}
        missing = {key: issues[key] for key in made}
        for key, home in self._home.items():
            issue_id = issues.get(home) or self._found.get(home)
            if issue_id and (key in self._unbound or home in made):
                missing[key] = issue_id
        return missing


def _find_homes(conn: Connection[TupleRow], by_key: dict[IssueKey, list[NewEvent]]) -> _Homes:
    others = {
        key: dict.fromkeys((key[0], other) for event in group for other in event.other_fingerprints)
        for key, group in by_key.items()
    }
    keys = set(by_key).union(*filter(None, others.values()))
    bindings = find_bindings(conn, keys)
    if unknown := keys - bindings.keys():
        make_bindings_alone(conn, (project_id for project_id, _ in unknown))
        bindings |= find_bindings(conn, unknown)
    homes = _Homes(
        bindings,
        find_routes(conn, [key for key in by_key if key in bindings and bindings[key].has_routes]),
    )
    for key in by_key:
        homes.settle(key, others[key])
    return homes


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


def _described(issue_id: uuid.UUID, seen: _SeenIssue) -> Described:
    grouping = msgspec.json.decode(seen.grouping)
    return Described(issue_id, seen.project_id, seen.title, grouping)


_received_at_us = attrgetter("received_at_us")
