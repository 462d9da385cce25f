"""Releases that come into being because an event names them."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.json_rows import json_rows

# Of one project. A build every hour for a year comes to this; more have a time or a random text in
# their version, and would be as many as events. Those that clients make themselves are not limited.
MAX_RELEASES_FROM_EVENTS = 10_000


class ProjectRelease(NamedTuple):
    """A release as an event names it."""

    project_id: uuid.UUID
    version: str


def insert_event_releases(conn: Connection[TupleRow], named: Collection[ProjectRelease]) -> None:
    """
    Make those releases that are not there, in the order of their keys; the caller commits.

    Args:
        conn: in a transaction.
        named: by events; no two are the same.
    """
    if not named:
        return
    rows = json_rows(release._asdict() for release in sorted(named))
    # How many a project has by idx_release_projects_project.
    conn.execute(
        """
        INSERT INTO releases (org_id, version)
        SELECT DISTINCT p.org_id, n.version
        FROM json_to_recordset(%s::json) AS n(project_id uuid, version text)
        JOIN projects AS p ON p.id = n.project_id
        WHERE (SELECT count(*) FROM release_projects AS rp WHERE rp.project_id = p.id) < %s
        ORDER BY 1, 2
        ON CONFLICT DO NOTHING
        """,
        (rows, MAX_RELEASES_FROM_EVENTS),
    )
    # A statement of its own, which sees what another digester has made meanwhile.
    conn.execute(
        """
        INSERT INTO release_projects (release_id, project_id)
        SELECT r.id, p.id
        FROM json_to_recordset(%s::json) AS n(project_id uuid, version text)
        JOIN projects AS p ON p.id = n.project_id
        JOIN releases AS r ON r.org_id = p.org_id AND r.version = n.version
        ORDER BY 1, 2
        ON CONFLICT DO NOTHING
        """,
        (rows,),
    )
