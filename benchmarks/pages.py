"""
How long pages take over HTTP while a project has a million events and twenty thousand issues.

As ``lists.py``, for what people open: each page is asked for again and again with the session of the owner, one
request after the other over one connection; beside the time stands what is transferred.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from figures import Figures, percentile_ms, print_runs
from filled import fill, kept_folder
from mesher_up import Mesher, started_mesher

GOAL_MS = 50


def main() -> None:
    """Measure and print; exits 1 where a page is slower than the goal."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--issues", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=50, help="of each page, in each run")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the data stays for the next time")
    parser.add_argument("--only", default="", help="the pages that have this in their names")
    arguments = parser.parse_args()
    with kept_folder(arguments.folder) as folder, started_mesher(folder) as mesher:
        fill(mesher, events=arguments.events, issues=arguments.issues)
        tab = _Tab(mesher)
        paths = _paths(tab, mesher.ready["project_id"])
        wanted = {name: path for name, path in paths.items() if arguments.only in name}
        runs = [_measure(tab, wanted, arguments.requests) for _ in range(arguments.runs)]
    print_runs(runs)
    slow = {
        name
        for run in runs
        for name, took in run.items()
        if name.endswith("_p95_ms") and (took or 0) > GOAL_MS
    }
    if slow:
        sys.exit(f"slower than the goal: {', '.join(sorted(slow))}")


class _Tab:
    """One connection to a Mesher, with the session of its owner."""

    def __init__(self, mesher: Mesher) -> None:
        address = urlsplit(mesher.ready["url"])
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port)
        form = {name: mesher.ready[name] for name in ("email", "password")}
        self._connection.request(
            "POST",
            "/login",
            body=urlencode(form),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        answer = self._connection.getresponse()
        answer.read()
        self._cookie = (answer.getheader("set-cookie") or "").partition(";")[0]

    def read(self, path: str) -> bytes:
        """What a page is; exits where it is refused."""
        self._connection.request("GET", path, headers={"cookie": self._cookie})
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"{path} answered {answer.status}: {body[:500]!r}")
        return body


def _paths(tab: _Tab, project_id: str) -> dict[str, str]:
    """What people open."""
    issues = json.loads(tab.read(f"/api/v1/projects/{project_id}/issues?sort=events&limit=100"))
    largest, hundredth = issues["items"][0]["id"], issues["items"][-1]["id"]
    organization = json.loads(tab.read("/api/v1/organizations"))["items"][0]["slug"]
    releases = json.loads(tab.read(f"/api/v1/projects/{project_id}/releases"))["items"]
    project = f"/projects/{project_id}"
    return {
        "issues": f"{project}/issues",
        "issues_by_events": f"{project}/issues?sort=events",
        "issues_all_90_days": f"{project}/issues?status=all&period=90d",
        "issues_of_environment": f"{project}/issues?environment=production",
        "issues_search": f"{project}/issues?query=level%3Aerror",
        "organization_issues": f"/organizations/{organization}/issues",
        "issue_largest": f"/issues/{largest}",
        "issue_hundredth": f"/issues/{hundredth}",
        "event": f"/issues/{largest}/events/latest",
        "event_oldest": f"/issues/{largest}/events/oldest",
        "dashboard_14_days": f"{project}/dashboard",
        "dashboard_90_days": f"{project}/dashboard?range=90d",
        "organization_dashboard": f"/organizations/{organization}/dashboard",
        "live": f"{project}/live",
        "releases": f"{project}/releases",
        **({"release": f"{project}/releases/{releases[0]['version']}"} if releases else {}),
        "alerts": f"{project}/alerts",
        "rules": f"{project}/alerts/rules",
        "project_settings": f"{project}/settings",
        "organization_settings": f"/organizations/{organization}/settings",
        "changes": f"/organizations/{organization}/settings/changes",
        "projects": "/projects",
        "go": "/go",
        "health": "/operating",
        "account": "/account",
    }


def _measure(tab: _Tab, paths: dict[str, str], requests: int) -> Figures:
    """The p95 of each page, and its size."""
    found: Figures = {}
    for name, path in paths.items():
        took = []
        for _ in range(requests):
            began = time.perf_counter()
            body = tab.read(path)
            took.append(time.perf_counter() - began)
        found[f"{name}_p95_ms"] = percentile_ms(sorted(took), 0.95)
        found[f"{name}_kb"] = round(len(body) / 1000, 1)
    return found


if __name__ == "__main__":
    main()
