"""What a list of issues shows, as its address says; and the addresses of other views of the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from litestar.params import FromQuery, QueryParameter

from mesher.search.asked import asked_query
from mesher.search.tree import And, Node, TimeIs
from mesher.storage.issue_search import IssueSort
from mesher.storage.window import Window, usual_window
from mesher.types import ISSUE_STATUSES, IssueStatus

StatusFilter = Literal[IssueStatus, "all"]
STATUS_FILTERS: tuple[StatusFilter, ...] = (*ISSUE_STATUSES, "all")
Period = Literal["", "1h", "24h", "7d", "14d", "30d", "90d"]
PERIODS: Mapping[Period, tuple[str, timedelta | None]] = {
    "": ("Any time", None),
    "1h": ("Last hour", timedelta(hours=1)),
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "14d": ("Last 14 days", timedelta(days=14)),
    "30d": ("Last 30 days", timedelta(days=30)),
    "90d": ("Last 90 days", timedelta(days=90)),
}
SORTS: Mapping[IssueSort, str] = {
    "last_seen": "Last seen",
    "first_seen": "First seen",
    "events": "Events",
}


@dataclass(frozen=True, kw_only=True)
class IssueFilters:
    """The parameters of a list of issues on a page."""

    status: FromQuery[StatusFilter] = "unresolved"
    # The framework keeps the name ``query`` for itself.
    text: Annotated[str, QueryParameter(name="query")] = ""
    environment: FromQuery[str] = ""
    release: FromQuery[str] = ""
    period: FromQuery[Period] = ""
    sort: FromQuery[IssueSort] = "last_seen"
    cursor: FromQuery[str | None] = None

    def node(self, now: datetime) -> Node:
        """
        What is to be found.

        Raises:
            QueryError: the text cannot be read.
        """
        query = asked_query(
            self.text,
            status=None if self.status == "all" else self.status,
            environment=self.environment or None,
            release=self.release or None,
        )
        length = PERIODS[self.period][1]
        return And((query, TimeIs("last_seen", ">=", now - length))) if length else query

    def window(self, now: datetime) -> Window:
        """In which events are counted, and searched: the period, without one the usual window."""
        length = PERIODS[self.period][1]
        return Window(now - length, now) if length else usual_window(now)

    def address(self, **changed: Any) -> str:
        """The address of this list with something else asked, from its first page on."""
        given = replace(self, **({"cursor": None} | changed)).given()
        return f"?{urlencode(given)}" if given else "?"

    def given(self) -> dict[str, str]:
        """What is not as usual, by the names of the address."""
        usual = asdict(IssueFilters())
        asked = {name: one for name, one in asdict(self).items() if one != usual[name]}
        return {"query" if name == "text" else name: one for name, one in asked.items()}

    @property
    def is_narrowed(self) -> bool:
        """Whether more is asked than a status."""
        return bool(self.text or self.environment or self.release or self.period)


def saved_address(filters: Mapping[str, str]) -> str:
    """The address of a list with the filters of a saved search."""
    return f"?{urlencode(dict(filters))}"
