"""
How long lists take over HTTP while a project has a million events and twenty thousand issues.

Starts a Mesher of its own in a temporary folder, fills it (``seed.py``), and asks for each list again and
again, one request after the other over one connection.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import time
import uuid
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from figures import percentile_ms, print_runs
from mesher.storage.connection import connect
from mesher_up import Mesher, started_mesher, temporary_folder
from seed import seed

GOAL_MS = 50
_PROJECT = "/api/v1/projects/my-project"
_ORGANIZATION = "/api/v1/organizations/my-team"


def _searched(query: str, *, of: str = "issues") -> str:
    return f"{_PROJECT}/{of}?query={quote(query)}"


# Name of the figure, path.
LISTS = {
    "issues": f"{_PROJECT}/issues",
    "issues_of_organization": f"{_ORGANIZATION}/issues",
    "issues_by_events": f"{_PROJECT}/issues?sort=events",
    "issues_by_first_seen": f"{_PROJECT}/issues?sort=first_seen",
    "issues_unresolved_errors": _searched("is:unresolved level:error"),
    "issues_of_release": _searched("release:shop@3.0"),
    "issues_of_latest_release": _searched("release:latest"),
    "issues_of_customer": _searched("customer:c1999"),
    "issues_of_user": _searched("user:id:4711"),
    "issues_by_words": _searched("TypeError"),
    "issues_by_rare_words": _searched("(19999)"),
    "issues_of_environment": _searched("is:unresolved environment:staging"),
    "events": f"{_PROJECT}/events",
    "events_of_release": _searched("release:shop@3.0 environment:production", of="events"),
    "events_of_latest_release": _searched("release:latest", of="events"),
    "events_of_customer": _searched("customer:c1999", of="events"),
    "events_with_error_type": _searched("error.type:TypeError", of="events"),
    "search_keys": f"{_PROJECT}/search/keys",
    "search_values": f"{_PROJECT}/search/values?key=environment",
    "outcomes": f"{_PROJECT}/outcomes",
    "releases": f"{_PROJECT}/releases",
    "keys": f"{_PROJECT}/keys",
    "projects": "/api/v1/projects",
    "members": f"{_ORGANIZATION}/members",
    "audit_log": f"{_ORGANIZATION}/audit-log",
}


def main() -> None:
    """Measure and print; exits 1 where a list is slower than the goal."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--issues", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=50, help="of each list, in each run")
    parser.add_argument("--runs", type=int, default=1)
    arguments = parser.parse_args()
    with temporary_folder() as folder, started_mesher(folder) as mesher:
        with connect(mesher.ready["database_url"], application_name="seed") as conn:
            seed(
                conn,
                uuid.UUID(mesher.ready["project_id"]),
                events=arguments.events,
                issues=arguments.issues,
                days=30,
            )
        runs = [dict(_measure(mesher, arguments.requests)) for _ in range(arguments.runs)]
    print_runs(runs)
    slow = [name for run in runs for name, value in run.items() if (value or 0) > GOAL_MS]
    if slow:
        sys.exit(f"slower than {GOAL_MS} ms: {', '.join(sorted(set(slow)))}")


def _measure(mesher: Mesher, requests: int) -> Iterator[tuple[str, float | None]]:
    address = urlsplit(mesher.ready["url"])
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    headers = {"authorization": f"Bearer {mesher.ready['api_token']}"}
    for name, path in LISTS.items():
        took = []
        for _ in range(requests):
            began = time.perf_counter()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            took.append(time.perf_counter() - began)
            if answer.status != 200:
                sys.exit(f"{path} answered {answer.status}: {body[:500]!r}")
        yield f"{name}_p95_ms", percentile_ms(sorted(took), 0.95)


if __name__ == "__main__":
    main()
