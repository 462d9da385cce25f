"""The query of a request, whose filters stand beside its text."""

from __future__ import annotations

from datetime import UTC, datetime

from mesher.search.parse import parse_query
from mesher.search.tree import And, Node, Pattern, State, StateIs, TagIs


def asked_query(
    query: str,
    *,
    status: State | None = None,
    environment: str | None = None,
    release: str | None = None,
) -> Node:
    """
    What the text and the filters of a request ask for together.

    Raises:
        QueryError: the text cannot be read.
    """
    node = parse_query(query, datetime.now(UTC))
    nodes = list(node.nodes) if isinstance(node, And) else [node]
    if status is not None:
        nodes.append(StateIs(status))
    for tag, value in (("environment", environment), ("release", release)):
        if value is not None:
            nodes.append(TagIs(tag, (Pattern((value.replace("\0", ""),)),)))
    return And(tuple(nodes))
