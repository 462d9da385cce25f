"""What benchmarks say in the end: figures by name, as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence

# Names carry units. None: there was nothing to measure.
Figures = dict[str, float | None]


def percentile_ms(seconds: Sequence[float], share: float) -> float | None:
    """The time that this share of sorted times does not pass; ``None`` without any."""
    return round(seconds[int(share * (len(seconds) - 1))] * 1000, 2) if seconds else None


def medians(runs: Sequence[Figures]) -> Figures:
    """The median of each figure over the runs that have it."""
    found: Figures = {}
    for name in runs[0]:
        values = [value for run in runs if (value := run[name]) is not None]
        found[name] = round(statistics.median(values), 3) if values else None
    return found


def print_runs(runs: Sequence[Figures], **facts: str) -> None:
    """Print each run, the medians of all, and what else is to be known by its name."""
    print(json.dumps({**facts, "runs": runs, "median": medians(runs)}, indent=2))
