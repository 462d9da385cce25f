"""
Runs every benchmark and writes ``docs/performance-results.md``: the goals and what was measured.

The machine should have nothing else to do for the three quarters of an hour that it takes. Where a command fails, the
next call goes on with that one. ``--quick`` takes some minutes and only shows that all commands work:
it prints the table and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from results_page import Results, format_page

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance-results.md"
# What the commands printed, until the page is written: one that fails costs only its own time.
KEPT = HERE.parent / "build" / "benchmarks.json"


class Command(NamedTuple):
    """One benchmark, for the table and for a try."""

    arguments: str
    quick: str


COMMANDS = {
    "sustained": Command("ingest.py --seconds 60 --runs 5", "ingest.py --seconds 2"),
    "burst": Command("ingest.py --seconds 30 --connections 128 --runs 5", "ingest.py --seconds 1"),
    "rate": Command(
        "ingest.py --rate 1000 --seconds 10 --runs 5", "ingest.py --rate 200 --seconds 2"
    ),
    "visible": Command("visible.py --runs 5", "visible.py --rate 100 --seconds 2"),
    "live": Command("live.py --runs 5", "live.py --rate 100 --seconds 2"),
    "ratio": Command("ratio.py --events 8000 --runs 5", "ratio.py --events 1000"),
    "stages": Command("stages.py --runs 5", "stages.py --events 400"),
    "start": Command("start.py --runs 5", "start.py"),
    "flood": Command("flood.py", "flood.py --requests 1000"),
    "lists": Command("lists.py", "lists.py --events 20000 --issues 500 --requests 2"),
    "peer": Command("peer.py --events 300 --runs 5", "peer.py --events 100"),
}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="only try the commands")
    is_quick = parser.parse_args().quick
    if is_quick:
        print(format_page({name: _measure(command.quick) for name, command in COMMANDS.items()}))
        return
    kept: dict[str, dict[str, Any]] = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    for command in COMMANDS.values():
        if command.arguments not in kept:
            kept[command.arguments] = _measure(command.arguments).printed
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_text(json.dumps(kept), "utf-8")
    results = {
        name: Results(command.arguments, kept[command.arguments])
        for name, command in COMMANDS.items()
    }
    PAGE.write_text(format_page(results), "utf-8")
    KEPT.unlink()


def _measure(line: str) -> Results:
    print(line, file=sys.stderr)
    script, *arguments = line.split()
    command = [sys.executable, str(HERE / script), *arguments]
    # A status other than 0 may say that a goal was not met, after the figures.
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"{line} failed")
    return Results(line, found)


if __name__ == "__main__":
    main()
