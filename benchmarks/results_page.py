"""The page of results: a table of the goals of speed, and one of the stages, in Markdown."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from figures import Figures
from mesher import __version__
from mesher.embedded_postgres.binaries import find_binaries


class Results(NamedTuple):
    """What a command printed."""

    command: str
    printed: dict[str, Any]

    @property
    def runs(self) -> list[Figures]:
        """The figures of each run."""
        found: list[Figures] = self.printed["runs"]
        return found

    @property
    def median(self) -> Figures:
        """The median of each figure."""
        found: Figures = self.printed["median"]
        return found


class Goal(NamedTuple):
    """A row of the first table."""

    what: str
    command: str  # its name in ``all.py``
    figure: str
    unit: str
    at_least: float | None = None
    below: float | None = None


GOALS = [
    Goal(
        "ingestion, end to end (sent to queryable), for a minute",
        "sustained",
        "end_to_end_per_second",
        "events/s",
        at_least=4000,
    ),
    Goal("the bare loop", "ratio", "bare_loop_per_second", "events/s"),
    Goal(
        "ingestion as a share of the bare loop",
        "ratio",
        "share_of_bare_loop",
        "",
        at_least=0.6,
    ),
    Goal(
        "acknowledged durably in a burst of 30 s",
        "burst",
        "acknowledged_per_second",
        "events/s",
        at_least=8000,
    ),
    Goal(
        "acknowledgement at 1,000 events/s, p99", "rate", "acknowledgement_p99_ms", "ms", below=25
    ),
    Goal("the same, p50", "rate", "acknowledgement_p50_ms", "ms"),
    Goal(
        "queryable after being sent, at 500 events/s, p99",
        "visible",
        "visible_p99_ms",
        "ms",
        below=1000,
    ),
    Goal("told to live watchers, at 500 events/s, p99", "live", "told_p99_ms", "ms", below=1000),
    Goal("memory of Mesher's own processes, idle", "sustained", "memory_idle_mb", "MB", below=250),
    Goal("the same, under load", "sustained", "memory_peak_mb", "MB", below=400),
    Goal("first page of a new `mesher up`", "start", "fresh_seconds", "s", below=8),
    Goal("first page on an existing data directory", "start", "existing_seconds", "s", below=3),
    Goal(
        "another project's acknowledgements in a flood, p99",
        "flood",
        "other_project_during_flood_p99_ms",
        "ms",
        below=100,
    ),
    Goal(
        "the slowest list, with a million events and 20,000 issues, p95",
        "lists",
        "slowest_list_p95_ms",
        "ms",
        below=50,
    ),
    Goal(
        "the slowest search that no index answers, p95",
        "lists",
        "slowest_row_by_row_p95_ms",
        "ms",
        below=5000,
    ),
    Goal("Bugsink, end to end", "peer", "bugsink_end_to_end_per_second", "events/s"),
    Goal("Mesher with the same load", "peer", "mesher_end_to_end_per_second", "events/s"),
    Goal("times Bugsink, end to end", "peer", "times_end_to_end_per_second", ""),
    Goal("times Bugsink, acknowledged", "peer", "times_acknowledged_per_second", ""),
]


def format_page(results: Mapping[str, Results]) -> str:
    """The page; ``results`` go by the names of ``all.py``."""
    lines = [
        "# Results",
        "",
        "Written by `make bench`; [performance.md](performance.md) says what is measured and how.",
        "",
        *_machine(results["peer"]),
        "",
        "| what | command | median | lowest to highest | goal | |",
        "|---|---|---|---|---|---|",
        *(_goal_row(goal, results[goal.command]) for goal in GOALS),
        "",
        "What an event costs of one core, each stage alone (`stages.py`):",
        "",
        "| stage | median | lowest to highest |",
        "|---|---|---|",
        *_stage_rows(results["stages"]),
    ]
    return "\n".join(lines) + "\n"


def _machine(peer: Results) -> Iterator[str]:
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        if line.startswith("model name")
    ]
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    postgres = subprocess.run(
        [find_binaries(Path()) / "postgres", "--version"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[-1]
    yield f"- {datetime.now(UTC):%Y-%m-%d}"
    yield f"- {os.cpu_count()} cores ({', '.join(sorted(set(models)))}), {memory_gb:.0f} GB"
    yield (
        f"- Mesher {__version__}, Python {platform.python_version()}, PostgreSQL {postgres},"
        f" Bugsink {peer.printed['bugsink_version']}"
    )


def _goal_row(goal: Goal, results: Results) -> str:
    median = results.median[goal.figure]
    wanted, is_met = "", ""
    if median is not None and goal.at_least is not None:
        wanted = f"at least {goal.at_least:,}"
        is_met = "met" if median >= goal.at_least else "not met"
    elif median is not None and goal.below is not None:
        wanted = f"under {goal.below:,}"
        is_met = "met" if median < goal.below else "not met"
    cells = [
        goal.what,
        f"`{results.command}`",
        f"{_number(median)} {goal.unit}".strip(),
        _span(goal.figure, results),
        wanted,
        is_met,
    ]
    return f"| {' | '.join(cells)} |"


def _stage_rows(results: Results) -> Iterator[str]:
    for name, median in results.median.items():
        stage = name.removesuffix("_us").replace("_", " ")
        unit = "µs" if name.endswith("_us") else "times"
        yield f"| {stage} | {_number(median)} {unit} | {_span(name, results)} |"


def _span(figure: str, results: Results) -> str:
    values = [value for run in results.runs if (value := run[figure]) is not None]
    if len(values) < 2:
        return ""
    return f"{_number(min(values))} to {_number(max(values))}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"
