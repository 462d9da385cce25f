"""What lists and statistics of issues and events have in common: a query and a window of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from litestar.params import QueryParameter

from mesher.errors import ProtocolError
from mesher.search.parse import parse_query
from mesher.search.tree import And, Node, Pattern, StateIs, TagIs
from mesher.storage.issue_search import Window, usual_window
from mesher.types import IssueStatus

# The framework keeps the name ``query`` for itself.
QueryText = Annotated[
    str, QueryParameter(name="query", description="what to find, in the language of docs/search.md")
]
Since = Annotated[
    datetime | None,
    QueryParameter(name="since", description="from when events count; 14 days ago if absent"),
]
Until = Annotated[
    datetime | None, QueryParameter(name="until", description="until when; now if absent")
]
Environment = Annotated[
    str | None, QueryParameter(name="environment", description="only events of this environment")
]
MAX_WINDOW = timedelta(days=366)


def read_window(since: datetime | None, until: datetime | None) -> Window:
    """
    The window that two parameters set.

    Raises:
        ProtocolError: it is empty or too long, or a time has no time zone.
    """
    for name, moment in (("since", since), ("until", until)):
        if moment is not None and moment.tzinfo is None:
            raise ProtocolError(
                f"{name} has no time zone", field=name, hint="as in 2026-11-26T10:00:00Z"
            )
    end = until or datetime.now(UTC)
    try:
        window = Window(since, end) if since else usual_window(end)
        length = window.until - window.since
    except OverflowError as error:
        raise ProtocolError("until is too far away", field="until") from error
    if not timedelta() < length <= MAX_WINDOW:
        raise ProtocolError("since has to be before until, by a year at most", field="since")
    return window


def read_query(
    query: str, *, status: IssueStatus | None = None, environment: str | None = None
) -> Node:
    """
    The query of parameters: all of them hold.

    Raises:
        QueryError: it cannot be read.
    """
    node = parse_query(query, datetime.now(UTC))
    nodes = list(node.nodes) if isinstance(node, And) else [node]
    if status is not None:
        nodes.append(StateIs(status))
    if environment is not None:
        nodes.append(TagIs("environment", (Pattern((environment.replace("\0", ""),)),)))
    return And(tuple(nodes))
