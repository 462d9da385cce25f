"""What happened lately in some projects, behind a place in the log."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import text

from mesher.errors import ProtocolError
from mesher.ids import UserId
from mesher.search.tree import Node
from mesher.storage.database import ReadConnection
from mesher.storage.events import EventSummary
from mesher.storage.latest_releases import latest_releases
from mesher.storage.search_conditions import Conditions
from mesher.storage.search_time import limited_time
from mesher.types import Alert, Issue, Project

# Of one look; who is further behind hears how many events were passed over.
MAX_EVENTS: Final = 500
MAX_ROWS: Final = 200

# More than any row has.
WHOLE_ROW: Final = 10**9
_PLACE = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,9}))?", re.ASCII)
_ISSUE_COLUMNS = ", ".join(f"i.{name}" for name in Issue.__fields__())
_ALERT_COLUMNS = ", ".join(f"a.{name}" for name in Alert.__fields__())

# The sequence as it stands is behind every row that has a number.
_END = text("SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS number FROM live_numbers")

# The first row that is not forgotten. All are looked at, which are few, once for each who comes back.
_OLDEST = text("SELECT min(number) FROM live_log")

# The newest rows of some projects behind a number, by idx_live_log_number.
_ROWS = text("""
    SELECT l.number, l.project_id, l.kind, l.ids, l.received_from, l.received_until
    FROM live_log AS l
    WHERE l.project_id = ANY (CAST(:project_ids AS uuid[])) AND l.number >= :number
    ORDER BY l.number DESC
    LIMIT :limit
""")
# How many events stand in the rows before those.
_PASSED = text("""
    SELECT coalesce(sum(cardinality(l.ids)), 0) FROM live_log AS l
    WHERE l.project_id = ANY (CAST(:project_ids AS uuid[])) AND l.kind = 'event'
        AND l.number > :number AND l.number < :first
""")
_ISSUES = text(f"""
    SELECT {_ISSUE_COLUMNS} FROM issues AS i
    WHERE i.id = ANY (CAST(:ids AS uuid[])) AND i.project_id = ANY (CAST(:project_ids AS uuid[]))
""")
_ALERTS = text(f"""
    SELECT {_ALERT_COLUMNS} FROM alerts AS a
    WHERE a.id = ANY (CAST(:ids AS uuid[])) AND a.project_id = ANY (CAST(:project_ids AS uuid[]))
""")


class Place(msgspec.Struct, frozen=True, order=True):
    """Where a watcher is: all before ``number``, and the first ``index`` of its row, was told."""

    number: int
    index: int = WHOLE_ROW

    @classmethod
    def parse(cls, cursor: str) -> Place:
        """
        The place that ``str`` wrote.

        Raises:
            ProtocolError: it is none.
        """
        match = _PLACE.fullmatch(cursor)
        if match is None:
            raise ProtocolError(
                f"{cursor[:100]!r} is no cursor of a live stream",
                hint="leave it away to begin now",
                field="cursor",
            )
        number, index = match.groups()
        return cls(int(number), int(index)) if index else cls(int(number))

    def __str__(self) -> str:
        return str(self.number) if self.index == WHOLE_ROW else f"{self.number}.{self.index}"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the log."""

    number: int
    project_id: uuid.UUID
    kind: str
    ids: list[uuid.UUID]
    received_from: datetime | None
    received_until: datetime | None


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, and the place behind it."""

    place: Place
    subject: EventSummary | Issue | Alert


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at the log found."""

    place: Place  # behind all of it
    happenings: list[Happening]  # in order
    passed_over: int  # events that were too many to tell
    events: dict[str, int]  # how many came, by project, whether or not they fit


async def find_end(conn: ReadConnection) -> Place:
    """The place behind all that is in the log now."""
    return Place(int((await conn.execute(_END)).scalar_one()))


async def has_forgotten(conn: ReadConnection, place: Place) -> bool:
    """Whether something behind a place may have been removed, or the place is of another database."""
    end = await find_end(conn)
    oldest = (await conn.execute(_OLDEST)).scalar_one_or_none()
    next_number = place.number + 1 if place.index == WHOLE_ROW else place.number
    return place > end or next_number < (end.number + 1 if oldest is None else oldest)


async def look(
    conn: ReadConnection,
    projects: Sequence[Project],
    query: Node,
    place: Place,
    *,
    viewer: UserId,
) -> Look:
    """
    What happened in some (accessible) projects behind a place: the events that a query finds, and all
    issues that changed and alerts.

    Raises:
        ProtocolError: the query takes too long.
    """
    project_ids = [project.id for project in projects]
    values: dict[str, Any] = {
        "project_ids": project_ids,
        "number": place.number,
        "limit": MAX_ROWS,
    }
    result = await conn.execute(_ROWS, values)
    rows = [msgspec.convert(row, Row) for row in result.mappings()][::-1]
    if not rows:
        return Look(place=place, happenings=[], passed_over=0, events={})
    passed = 0
    if len(rows) == MAX_ROWS:
        result = await conn.execute(_PASSED, values | {"first": rows[0].number})
        passed = int(result.scalar_one())
    events, too_many = await _events(conn, projects, query, place, rows, viewer=viewer)
    others = await _others(conn, project_ids, place, rows)
    return Look(
        place=max(place, Place(rows[-1].number)),
        happenings=sorted([*events, *others], key=lambda one: one.place),
        passed_over=passed + too_many,
        events=_counts(rows, place),
    )


def _counts(rows: Sequence[Row], place: Place) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        if row.kind == "event" and (new := len(row.ids) - _told(row, place)) > 0:
            project_id = str(row.project_id)
            counts[project_id] = counts.get(project_id, 0) + new
    return counts


def _told(row: Row, place: Place) -> int:
    """How many of a row's ids are told already."""
    return place.index if row.number == place.number else 0


async def _events(
    conn: ReadConnection,
    projects: Sequence[Project],
    query: Node,
    place: Place,
    rows: Sequence[Row],
    *,
    viewer: UserId,
) -> tuple[list[Happening], int]:
    """The newest events of the rows that a query finds, and how many more it finds."""
    arrived = [
        (row.number, index, row.project_id, event_id)
        for row in rows
        if row.kind == "event"
        for index, event_id in enumerate(row.ids, start=1)
        if index > _told(row, place)
    ]
    if not arrived:
        return [], 0
    times = [
        moment
        for row in rows
        for moment in (row.received_from, row.received_until)
        if moment is not None
    ]
    made = Conditions(
        "events", projects, viewer=viewer, latest=await latest_releases(conn, projects, query)
    )
    source = "events AS e"
    if made.asks_about_issues(query):
        source += " JOIN issues AS i ON i.id = e.issue_id"
    numbers, indexes, project_ids, event_ids = (
        list(column) for column in zip(*arrived, strict=True)
    )
    async with limited_time(conn):
        result = await conn.execute(
            # Each by the primary key of its partition; the times leave other partitions out.
            text(f"""
                SELECT a.number, a.index, count(*) OVER () AS found,
                       e.id, e.project_id, e.issue_id, e.level, e.message, e.tags,
                       e.user_context, e.sdk_name, e.sdk_version, e.received_at
                FROM unnest(
                    CAST({made.parameter(numbers)} AS bigint[]),
                    CAST({made.parameter(indexes)} AS integer[]),
                    CAST({made.parameter(project_ids)} AS uuid[]),
                    CAST({made.parameter(event_ids)} AS uuid[])
                ) AS a (number, index, project_id, event_id)
                JOIN projects AS p ON p.id = a.project_id
                JOIN {source} ON e.id = a.event_id AND e.project_id = a.project_id
                WHERE e.received_at >= {made.parameter(min(times))}
                  AND e.received_at <= {made.parameter(max(times))}
                  AND {made.condition(query)}
                ORDER BY a.number DESC, a.index DESC
                LIMIT {made.parameter(MAX_EVENTS)}
            """),
            made.values,
        )
    found = list(result.mappings())
    happenings = [
        Happening(
            place=Place(row["number"], row["index"]), subject=msgspec.convert(row, EventSummary)
        )
        for row in found
    ]
    return happenings, (found[0]["found"] - len(found) if found else 0)


async def _others(
    conn: ReadConnection, project_ids: Sequence[uuid.UUID], place: Place, rows: Sequence[Row]
) -> list[Happening]:
    """The issues and alerts of the rows as they are now, each once, where it was named last."""
    last: dict[tuple[str, uuid.UUID], Place] = {
        (row.kind, one): Place(row.number, index)
        for row in rows
        if row.kind != "event"
        for index, one in enumerate(row.ids, start=1)
        if index > _told(row, place)
    }
    happenings: list[Happening] = []
    for kind, statement, read in (("issue", _ISSUES, Issue), ("alert", _ALERTS, Alert)):
        ids = [one for of, one in last if of == kind]
        if ids:
            result = await conn.execute(statement, {"ids": ids, "project_ids": project_ids})
            happenings += [
                Happening(place=last[kind, row["id"]], subject=read.from_row(row))
                for row in result.mappings()
            ]
    return happenings
