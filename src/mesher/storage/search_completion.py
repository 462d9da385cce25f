"""What could stand next in a query: the tags of recent events, their values, and those of keys."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection
from mesher.storage.search_conditions import texts_under
from mesher.storage.search_time import limited_time
from mesher.types import Project

# Enough to have the usual tags and values, and read in some milliseconds.
RECENT_EVENTS = 2000
MAX_SUGGESTIONS = 50

# The latest events of each project, by idx_events_project_received.
_RECENT = """
    unnest(CAST(:project_ids AS uuid[])) AS p (id),
    LATERAL (
        SELECT issue_id, message, tags, user_context, exception, stacktrace, sdk_name, sdk_version
        FROM events WHERE project_id = p.id
        ORDER BY received_at DESC LIMIT :recent
    ) AS e
"""
_KEYS = text(f"""
    SELECT t.key AS text, count(*) AS events
    FROM {_RECENT}, jsonb_object_keys(e.tags) AS t (key)
    WHERE starts_with(lower(t.key), lower(:prefix))
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :limit
""")
_VALUES = text(f"""
    SELECT e.tags ->> :key AS text, count(*) AS events
    FROM {_RECENT}
    WHERE jsonb_exists(e.tags, :key) AND position(lower(:prefix) IN lower(e.tags ->> :key)) > 0
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :limit
""")


_TEXTS = """
    SELECT found.text, count(*) AS events
    FROM {recent} JOIN issues AS i ON i.id = e.issue_id, LATERAL {texts} AS found
    WHERE position(lower(:prefix) IN lower(found.text)) > 0
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :limit
"""


class Suggestion(msgspec.Struct, frozen=True):
    """A tag or a value, and how many of the latest events have it."""

    text: str
    events: int


async def list_tags(
    conn: ReadConnection, projects: Sequence[Project], prefix: str
) -> list[Suggestion]:
    """The tags of the latest events that begin so, the most usual first."""
    return await _list(conn, _KEYS, projects, prefix=prefix)


async def list_tag_values(
    conn: ReadConnection, projects: Sequence[Project], tag: str, part: str
) -> list[Suggestion]:
    """The values of a tag in the latest events that have this part, the most usual first."""
    return await _list(conn, _VALUES, projects, prefix=part, key=tag.replace("\0", ""))


async def list_key_values(
    conn: ReadConnection, projects: Sequence[Project], key: str, part: str
) -> list[Suggestion]:
    """What the latest events have under a key of texts and that has this part, the most usual first."""
    statement = text(_TEXTS.format(recent=_RECENT, texts=texts_under(key)))
    return await _list(conn, statement, projects, prefix=part)


async def _list(
    conn: ReadConnection, statement: object, projects: Sequence[Project], **values: str
) -> list[Suggestion]:
    values["prefix"] = values["prefix"].replace("\0", "")
    async with limited_time(conn):
        result = await conn.execute(
            statement,  # type: ignore[call-overload]
            {
                **values,
                "project_ids": [project.id for project in projects],
                "recent": RECENT_EVENTS,
                "limit": MAX_SUGGESTIONS,
            },
        )
    return [Suggestion(row.text, row.events) for row in result]
