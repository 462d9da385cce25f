"""
Which issue a fingerprint's events go to.

Storing a batch relies on what it reads here until it commits, and merging and splitting change it.
Storing therefore holds a lock of each project that others may hold too, and a change holds it alone:
once a change is committed, no event comes to the issue that its fingerprint was bound to before.
A batch with fingerprints that nobody has seen makes their bindings alone, too, so that two batches
never make two issues of one fingerprint. Advisory locks, because they live in memory: a lock on the
rows would write each of them anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from typing import Any, LiteralString, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.json_rows import json_rows
from mesher.storage.new_events import IssueKey

# The first of the two numbers of an advisory lock. They mean nothing but themselves.
_LOCK = 0x6D65_7301
_NEW_LOCK = 0x6D65_7302

# In order, so that two batches never wait for each other. Projects that share a number by chance
# only wait more often than they must.
_ORDERED: LiteralString = """
    (SELECT DISTINCT number FROM unnest(%s::integer[]) AS number ORDER BY number) AS ordered
"""
_SHARE: LiteralString = "SELECT pg_advisory_xact_lock_shared(%s, number) FROM" + _ORDERED
_TAKE_ALONE: LiteralString = "SELECT pg_advisory_xact_lock(%s, number) FROM" + _ORDERED

# By the primary keys of both.
_FIND: LiteralString = """
    SELECT b.project_id, b.fingerprint, i.id, i.fingerprint, b.has_routes
    FROM json_to_recordset(%s::json) AS wanted(project_id uuid, fingerprint text)
    JOIN issue_fingerprints AS b USING (project_id, fingerprint)
    JOIN issues AS i ON i.id = b.issue_id
"""

# By idx_issue_routes_fingerprint; the first that was made decides.
_FIND_ROUTES: LiteralString = """
    SELECT r.project_id, r.fingerprint, r.condition, i.fingerprint
    FROM json_to_recordset(%s::json) AS wanted(project_id uuid, fingerprint text)
    JOIN issue_routes AS r USING (project_id, fingerprint)
    JOIN issues AS i ON i.id = r.issue_id
    ORDER BY r.created_at, r.id
"""

_INSERT: LiteralString = """
    INSERT INTO issue_fingerprints (project_id, fingerprint, issue_id)
    SELECT project_id, fingerprint, issue_id FROM json_to_recordset(%s::json)
    AS new(project_id uuid, fingerprint text, issue_id uuid)
    ON CONFLICT DO NOTHING
"""


class Binding(NamedTuple):
    """Where a fingerprint leads."""

    issue_id: uuid.UUID
    issue_key: IssueKey  # with the issue's own fingerprint
    has_routes: bool  # some of the events go elsewhere


class Route(NamedTuple):
    """Which events of a fingerprint go to another issue."""

    condition: dict[str, Any]
    issue_key: IssueKey  # with the other issue's own fingerprint


class _Key(msgspec.Struct):
    project_id: uuid.UUID
    fingerprint: str


class _NewBinding(msgspec.Struct):
    project_id: uuid.UUID
    fingerprint: str
    issue_id: uuid.UUID


def hold_bindings(conn: Connection[TupleRow], project_ids: Iterable[uuid.UUID]) -> None:
    """Keep the bindings of projects as they are, but for new ones, until the transaction ends."""
    conn.execute(_SHARE, (_LOCK, _lock_numbers(project_ids)))


def make_bindings_alone(conn: Connection[TupleRow], project_ids: Iterable[uuid.UUID]) -> None:
    """
    Let no other batch make new bindings in these projects until the transaction ends; what is
    found after this is final. ``hold_bindings`` comes first.
    """
    conn.execute(_TAKE_ALONE, (_NEW_LOCK, _lock_numbers(project_ids)))


def hold_bindings_alone(conn: Connection[TupleRow], project_id: uuid.UUID) -> None:
    """
    Let this transaction alone change the bindings of a project, until it ends. Storing the
    project's events waits for that: be short, and lock rows of issues only after this.
    """
    conn.execute(_TAKE_ALONE, (_LOCK, _lock_numbers([project_id])))


def find_bindings(
    conn: Connection[TupleRow], keys: Collection[IssueKey]
) -> dict[IssueKey, Binding]:
    """The bindings of those fingerprints that have one; ``hold_bindings`` comes first."""
    if not keys:
        return {}
    rows = conn.execute(_FIND, (_keys(keys),), binary=True).fetchall()
    return {
        (project_id, fingerprint): Binding(issue_id, (project_id, own), has_routes)
        for project_id, fingerprint, issue_id, own, has_routes in rows
    }


def find_routes(
    conn: Connection[TupleRow], keys: Collection[IssueKey]
) -> dict[IssueKey, list[Route]]:
    """The routes of those fingerprints that have any, in the order in which they are tried."""
    if not keys:
        return {}
    found: dict[IssueKey, list[Route]] = {}
    for project_id, fingerprint, condition, own in conn.execute(_FIND_ROUTES, (_keys(keys),)):
        found.setdefault((project_id, fingerprint), []).append(Route(condition, (project_id, own)))
    return found


def bind_fingerprints(conn: Connection[TupleRow], bindings: dict[IssueKey, uuid.UUID]) -> None:
    """Bind fingerprints to issues; one that is bound already stays where it is."""
    if not bindings:
        return
    conn.execute(_INSERT, (json_rows(_NewBinding(*key, bindings[key]) for key in bindings),))


def _keys(keys: Collection[IssueKey]) -> str:
    return json_rows(_Key(*key) for key in keys)


def lock_number(project_id: uuid.UUID) -> int:
    """The second number of an advisory lock on a project: 31 of the random bits of its id."""
    return int.from_bytes(project_id.bytes[-4:], "big") >> 1


def _lock_numbers(project_ids: Iterable[uuid.UUID]) -> list[int]:
    return [lock_number(project_id) for project_id in set(project_ids)]
