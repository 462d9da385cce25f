"""
What becomes of issues as time goes on, without an event or a person: archives end, "the next release" gets
its name, and what was new is no longer.

Each step is a transaction of some hundred issues. Rows that a batch or somebody else holds at the moment
are left out, and come with the next run: nobody waits for this, and it waits for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from mesher.storage.issue_waking import is_after

# Issues of one transaction: some tens of milliseconds.
BATCH_ISSUES = 500
# As in Sentry: until then somebody has looked at an issue that is new or came back.
YOUNG_TIME = timedelta(days=7)
# Changes of many issues can be undone for an hour (``issue_actions``), and are found out for another.
ACTIONS_KEPT = timedelta(hours=2)
# Of a project. Those that were made since an issue was resolved are among them, a minute after.
RELEASES_LOOKED_AT = 200

# By idx_issues_archived_until. The entry and the change are one statement: each is written once.
_END_ARCHIVES: LiteralString = """
    WITH due AS (
        SELECT id, archive FROM issues
        WHERE (archive ->> 'until') IS NOT NULL AND status = 'archived'
            AND (archive ->> 'until')::timestamptz <= %(now)s
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ),
    ended AS (
        UPDATE issues AS i
        SET status = 'unresolved', substatus = 'ongoing', status_changed_at = %(now)s, archive = NULL
        FROM due WHERE i.id = due.id
        RETURNING i.id, i.project_id, due.archive
    )
    INSERT INTO issue_activity (project_id, issue_id, about_issue, kind, details)
    SELECT project_id, id, id, 'archive_ended',
           jsonb_build_object('because', 'time', 'archive', archive)
    FROM ended
"""

# By idx_issues_next_release.
_FIND_AWAITING: LiteralString = """
    SELECT DISTINCT project_id, resolution ->> 'after_release' FROM issues
    WHERE (resolution ->> 'after_release') IS NOT NULL AND (resolution ->> 'in_release') IS NULL
        AND status = 'resolved'
"""
_LATEST_RELEASES: LiteralString = """
    SELECT r.version, r.created_at
    FROM release_projects AS rp JOIN releases AS r ON r.id = rp.release_id
    WHERE rp.project_id = %s
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT %s
"""
_NAME_RELEASE: LiteralString = """
    UPDATE issues SET resolution = resolution || %(named)s WHERE id = ANY (ARRAY(
        SELECT id FROM issues
        WHERE project_id = %(project_id)s AND status = 'resolved'
            AND (resolution ->> 'after_release') = %(after)s
            AND (resolution ->> 'after_release') IS NOT NULL
            AND (resolution ->> 'in_release') IS NULL
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ))
"""

# By idx_issues_project_status, project by project: the unresolved ones of each.
_GROW_OLD: LiteralString = """
    UPDATE issues SET substatus = 'ongoing' WHERE id = ANY (ARRAY(
        SELECT i.id FROM projects AS p JOIN issues AS i ON i.project_id = p.id
        WHERE i.status = 'unresolved' AND i.substatus <> 'ongoing'
            AND coalesce(i.status_changed_at, i.first_seen) < %(before)s
        LIMIT %(limit)s
        FOR UPDATE OF i SKIP LOCKED
    ))
"""

_FORGET_ACTIONS: LiteralString = "DELETE FROM issue_actions WHERE made_at < %s"


def tend_issues(conn: Connection[TupleRow], now: datetime) -> Iterator[int]:
    """
    Do what is due to the minute, step by step; whoever iterates may stop after any step.

    Args:
        conn: in autocommit mode.
        now: the time.

    Yields:
        How many issues a step has changed.
    """
    yield from _repeat(conn, _END_ARCHIVES, {"now": now})
    for project_id, after in conn.execute(_FIND_AWAITING).fetchall():
        released = conn.execute(_LATEST_RELEASES, (project_id, RELEASES_LOOKED_AT)).fetchall()
        if version := _next_release(released, after):
            named = Jsonb({"in_release": version})
            values = {"project_id": project_id, "after": after, "named": named}
            yield from _repeat(conn, _NAME_RELEASE, values)
    conn.execute(_FORGET_ACTIONS, (now - ACTIONS_KEPT,))


def age_issues(conn: Connection[TupleRow], now: datetime) -> Iterator[int]:
    """
    Let issues be ongoing that were new, or came back, a week ago; once an hour, since it reads all that
    are unresolved. Arguments and steps are those of ``tend_issues``.
    """
    yield from _repeat(conn, _GROW_OLD, {"before": now - YOUNG_TIME})


def _next_release(released: Sequence[tuple[str, datetime]], after: str) -> str | None:
    """The first that was made of those releases that are newer, the latest of which comes first."""
    if not released:
        return None
    made = dict(released)
    # Deleted, or made too long ago to be told: those are next that are newer by name.
    made.setdefault(after, released[0][1])
    return next((one for one, _ in reversed(released) if is_after(one, after, made)), None)


def _repeat(
    conn: Connection[TupleRow], statement: LiteralString, values: dict[str, Any]
) -> Iterator[int]:
    """Run a statement as long as it finds as many issues as it takes."""
    changed = BATCH_ISSUES
    while changed == BATCH_ISSUES:
        changed = conn.execute(statement, {**values, "limit": BATCH_ISSUES}).rowcount
        if changed:
            yield changed
