"""
What is asked of the lists: every address of the API's document that is read, and the hard questions.

An address that is added later is measured too, as it is asked without parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

Ask = Callable[[str], Any]  # a path: the JSON of its answer

_PROJECT = "/api/v1/projects/my-project"
_ORGANIZATION = "/api/v1/organizations/my-team"
_WHERE = {_PROJECT: "", _ORGANIZATION: "_of_organization"}
# How far down a long list is scrolled before it is measured.
_DEEP_PAGES = 30
# Files and streams.
_NOT_LISTS = frozenset(
    {"download_attachment", "get_openapi_document", "stream_project", "stream_organization"}
)

# Asked of issues and of events alike; an index finds what fits, or what fits is found soon.
_QUERIES = {
    "release": "release:shop@3.0",
    "latest_release": "release:latest",
    "customer": "customer:c1999",
    "unknown_customer": "customer:nobody",
    "user": "user:id:4711",
    "words": "TypeError",
    "environment": "is:unresolved environment:staging",
    "release_and_environment": "release:shop@3.0 environment:production",
    "not_production": "!environment:production",
    "either": "(customer:c1999 OR customer:c1998) level:error",
    "mine": "assigned:member-1@example.com",
    "mine_unresolved_in_staging": "is:unresolved assigned:member-1@example.com environment:staging",
    "frequent": "times_seen:>1000",
    "handled": "error.unhandled:true",
}
# Titles are those of some thousand issues, messages those of all events.
_WORDS = {"rare_words": "(19999)", "no_words": "zyxwvutsrq"}
# What no index answers: events are read until enough fit, all of the window where none does. Such
# questions have the goal of a search that ends.
_ROW_BY_ROW = {
    "release_pattern": "release:shop@1*",
    "customer_pattern": "customer:c199*",
    "email": "user.email:nobody@example.com",
    "no_environment": "!has:environment",
    "error_type": "error.type:TypeError",
    "unknown_error_type": "error.type:NobodyHasThis",
    "file": "stack.filename:*nobody.py",
    "message_pattern": "message:*zyx*wvu*",
}
_QUERIES_OF = {
    "issues": {**_QUERIES, **_WORDS},
    "events": _QUERIES,
}
_ROW_BY_ROW_OF = {
    "issues": _ROW_BY_ROW,
    "events": {**_ROW_BY_ROW, **_WORDS},
}
_ISSUES = {
    "by_events": "sort=events",
    "by_first_seen": "sort=first_seen",
    "unresolved_by_events": f"sort=events&query={quote('is:unresolved level:error')}",
    "of_environment_by_events": "sort=events&environment=staging",
    "of_customer_by_events": "sort=events&query=customer:c1999",
    "of_release_by_first_seen": f"sort=first_seen&query={quote('release:shop@3.0')}",
    "page_of_100": "limit=100&buckets=100",
}
_SUGGESTIONS = {
    "keys_with_prefix": "keys?prefix=cust",
    "values_of_environment": "values?key=environment",
    "values_of_customer": "values?key=customer&prefix=c19",
    "values_of_title": "values?key=title&prefix=type",
    "values_of_error_type": "values?key=error.type",
    "values_of_file": "values?key=stack.filename&prefix=a",
    "values_of_has": "values?key=has",
}


def list_paths(ask: Ask) -> dict[str, str]:
    """The paths to measure by the names of their figures."""
    things = _things(ask)
    found = {
        operation["operationId"]: path.format(**things)
        for path, operation in _read_operations(ask("/api/v1/openapi.json"))
    }
    found |= _searches(_QUERIES_OF)
    for where, suffix in _WHERE.items():
        for name, parameters in _ISSUES.items():
            found[f"issues_{name}{suffix}"] = f"{where}/issues?{parameters}"
        for what in _QUERIES_OF:
            found[f"{what}_deep{suffix}"] = _deep(ask, f"{where}/{what}?limit=100")
    found["issues_by_events_deep"] = _deep(ask, f"{_PROJECT}/issues?limit=100&sort=events")
    for name, parameters in _SUGGESTIONS.items():
        found[f"search_{name}"] = f"{_PROJECT}/search/{parameters}"
    found["outcomes_of_month"] = f"{_PROJECT}/outcomes?hours=744"
    found["volume_by_day"] = f"{_PROJECT}/statistics/volume?unit=day&time_zone=Asia/Kathmandu"
    found["volume_of_year"] = f"{_PROJECT}/statistics/volume?unit=day&since={_since(365)}"
    return found


def row_by_row_paths() -> dict[str, str]:
    """Those of questions that no index answers."""
    return _searches(_ROW_BY_ROW_OF)


def _searches(queries_of: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {
        f"{what}_of_{name}{suffix}": f"{where}/{what}?query={quote(query)}"
        for where, suffix in _WHERE.items()
        for what, queries in queries_of.items()
        for name, query in queries.items()
    }


def _since(days: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def _read_operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, methods in document["paths"].items():
        if "get" in methods and methods["get"]["operationId"] not in _NOT_LISTS:
            yield path, methods["get"]


def _things(ask: Ask) -> dict[str, str]:
    """What stands in addresses: the largest issue, and what belongs to it."""
    largest, other = ask(f"{_PROJECT}/issues?sort=events&limit=2")["items"]
    [event] = ask(f"/api/v1/issues/{largest['id']}/events?limit=1")["items"]
    [alert] = ask(f"{_PROJECT}/alerts?limit=1")["items"]
    return {
        "project_id": "my-project",
        "org_id": "my-team",
        "issue_id": largest["id"],
        "other_id": other["id"],
        "event_id": event["id"],
        "rule_id": alert["rule_id"],
        "alert_id": alert["id"],
        "key": "customer",
        "version": event["tags"]["release"],
    }


def _deep(ask: Ask, path: str) -> str:
    """The path of a page far down a list."""
    page = path
    for _ in range(_DEEP_PAGES):
        cursor = ask(page)["next_cursor"]
        if cursor is None:
            break
        page = f"{path}&cursor={cursor}"
    return page
