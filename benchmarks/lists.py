"""
How long lists take over HTTP while a project has a million events and twenty thousand issues.

Starts a Mesher of its own, fills it (``seed.py``, ``surroundings.py``), and asks for each list again and
again, one request after the other over one connection. With ``--folder`` the data is kept: filling
takes minutes.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from figures import Figures, percentile_ms, print_runs
from filled import fill, kept_folder
from list_paths import list_paths, row_by_row_paths
from mesher.storage.search_time import SEARCH_SECONDS
from mesher_up import Mesher, started_mesher

GOAL_MS = 50
# A search that takes longer is refused.
ROW_BY_ROW_GOAL_MS = SEARCH_SECONDS * 1000


def main() -> None:
    """Measure and print; exits 1 where a list is slower than the goal."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--issues", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=50, help="of each list, in each run")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the data stays for the next time")
    parser.add_argument("--only", default="", help="the lists that have this in their names")
    arguments = parser.parse_args()
    with kept_folder(arguments.folder) as folder, started_mesher(folder) as mesher:
        fill(mesher, events=arguments.events, issues=arguments.issues)
        lists = _Lists(mesher)
        runs = [_measure(lists, arguments.only, arguments.requests) for _ in range(arguments.runs)]
    print_runs(runs)
    slow = {
        f"{group} {name}"
        for run in runs
        for group, goal_ms in (("list", GOAL_MS), ("row_by_row", ROW_BY_ROW_GOAL_MS))
        for name, value in run.items()
        if name.startswith(f"{group}_") and (value or 0) > goal_ms
    }
    if slow:
        sys.exit(f"slower than the goal: {', '.join(sorted(slow))}")


class _Lists:
    """One connection to a Mesher, over which one asks."""

    def __init__(self, mesher: Mesher) -> None:
        address = urlsplit(mesher.ready["url"])
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port)
        self._headers = {"authorization": f"Bearer {mesher.ready['api_token']}"}

    def ask(self, path: str) -> Any:
        """The JSON that a path answers."""
        return json.loads(self.read(path))

    def read(self, path: str) -> bytes:
        """The body that a path answers; exits where it is refused, but not for taking too long."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200 and b"search_too_slow" not in body:
            sys.exit(f"{path} answered {answer.status}: {body[:500]!r}")
        return body


def _measure(lists: _Lists, only: str, requests: int) -> Figures:
    """The p95 of each list, and of each group that of the slowest."""
    groups = {"list": (list_paths(lists.ask), requests)}
    # Seconds each: fewer do, and nothing here depends on the last percent.
    groups["row_by_row"] = (row_by_row_paths(), max(1, requests // 10))
    found: Figures = {}
    for group, (paths, times) in groups.items():
        took = {
            f"{group}_{name}_p95_ms": _p95_ms(lists, path, times)
            for name, path in paths.items()
            if only in name
        }
        found |= {f"slowest_{group}_p95_ms": max((v or 0 for v in took.values()), default=None)}
        found |= took
    return found


def _p95_ms(lists: _Lists, path: str, requests: int) -> float | None:
    took = []
    for _ in range(requests):
        began = time.perf_counter()
        lists.read(path)
        took.append(time.perf_counter() - began)
    return percentile_ms(sorted(took), 0.95)


if __name__ == "__main__":
    main()
