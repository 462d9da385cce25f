"""The filters of a condition as a query, so that rules find what the search finds."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from mesher.ids import UserId
from mesher.search.parse import parse_query
from mesher.search.tree import And, AssignedTo, IdIs, Node, Pattern, TagIs, TextIs, TimeIs
from mesher.search.values import read_pattern
from mesher.values.alert_condition import AlertFilters

# Nobody is "me" where no person asks.
NOBODY: Final = UserId(uuid.UUID(int=0))


def filter_query(filters: AlertFilters, now: datetime) -> tuple[Node, UserId]:
    """
    What the issue or event has to be, and who ``me`` is in it.

    Raises:
        QueryError: the filters' own query cannot be read any more.
    """
    nodes: list[Node] = []
    viewer = NOBODY
    if filters.levels:
        nodes.append(TextIs("level", tuple(Pattern((level,)) for level in filters.levels)))
    if filters.environments:
        exact = tuple(Pattern((one,)) for one in filters.environments)
        nodes.append(TagIs("environment", exact))
    if filters.releases:
        nodes.append(TagIs("release", tuple(map(read_pattern, filters.releases))))
    nodes += [TagIs(tag, (Pattern((value,)),)) for tag, value in filters.tags.items()]
    if filters.query:
        nodes.append(parse_query(filters.query, now))
    if filters.assigned_to == "nobody":
        nodes.append(AssignedTo(("none",)))
    elif filters.assigned_to is not None:
        nodes.append(AssignedTo(("me",)))
        viewer = UserId(uuid.UUID(filters.assigned_to))
    if filters.older_than_hours is not None:
        nodes.append(TimeIs("first_seen", "<=", now - timedelta(hours=filters.older_than_hours)))
    if filters.younger_than_hours is not None:
        nodes.append(TimeIs("first_seen", ">=", now - timedelta(hours=filters.younger_than_hours)))
    return And(tuple(nodes)), viewer


def is_narrow(filters: AlertFilters) -> bool:
    """Whether anything is filtered at all."""
    return filters != AlertFilters()


def of_issues(query: Node, issue_ids: Collection[uuid.UUID]) -> Node:
    """A query about some issues alone."""
    return And((IdIs("issue", tuple(issue_ids)), query))
