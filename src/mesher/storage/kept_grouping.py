"""
How projects want their events grouped, as digest and its like read it. Apart from
``grouping_settings``, which changes it, so that digest loads no more than it runs.
"""

from __future__ import annotations

import uuid
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.values.grouping_settings import GroupingSettings

# Of all projects some hundred rows, read every few seconds; a text is stored out of its row and read
# only where there is one.
_LIST = """
    SELECT id, grouping_rules, oldest_grouping_version FROM projects
    WHERE grouping_rules <> '' OR oldest_grouping_version < %s
"""

# Projects that may have issues of an older version and do not; by idx_issues_project_status of those
# projects alone, up to the first issue that is older.
_FORGET_OLDER = """
    UPDATE projects AS p SET oldest_grouping_version = %(newest)s
    WHERE p.oldest_grouping_version < %(newest)s AND NOT EXISTS (
        SELECT FROM issues AS i
        WHERE i.project_id = p.id
          AND coalesce((i.grouping ->> 'algorithm_version')::integer, 1) < %(newest)s
    )
"""

# The projects of a server are few, and this is asked once per command. An id is meant before a slug.
_FIND = """
    SELECT id, name, grouping_rules, oldest_grouping_version FROM projects
    WHERE %(reference)s IN (id::text, slug, number::text)
    ORDER BY id::text = %(reference)s DESC, slug = %(reference)s DESC NULLS LAST
    LIMIT 1
"""


def list_grouping_settings(
    conn: Connection[TupleRow], *, newest_version: int
) -> dict[uuid.UUID, GroupingSettings]:
    """The settings of every project that has rules, or may have issues of an older version."""
    rows = conn.execute(_LIST, (newest_version,)).fetchall()
    return {
        project_id: GroupingSettings(rules=rules, oldest_version=oldest)
        for project_id, rules, oldest in rows
    }


def forget_older_versions(conn: Connection[TupleRow], *, newest_version: int) -> int:
    """Note of projects without any issue of an older version that it is so; returns of how many."""
    return conn.execute(_FORGET_OLDER, {"newest": newest_version}).rowcount


class ProjectGrouping(NamedTuple):
    """A project as a command of the operator names it."""

    id: uuid.UUID
    name: str
    settings: GroupingSettings


def find_project_grouping(conn: Connection[TupleRow], reference: str) -> ProjectGrouping | None:
    """The project with this id, slug or number, whoever's it is: for the operator alone."""
    row = conn.execute(_FIND, {"reference": reference}).fetchone()
    if row is None:
        return None
    project_id, name, rules, oldest = row
    return ProjectGrouping(project_id, name, GroupingSettings(rules=rules, oldest_version=oldest))


def set_grouping_rules(conn: Connection[TupleRow], project_id: uuid.UUID, rules: str) -> None:
    """Keep a text of rules that was found to be without errors; digest reads it within seconds."""
    conn.execute("UPDATE projects SET grouping_rules = %s WHERE id = %s", (rules, project_id))
