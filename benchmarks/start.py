"""
How long ``mesher up`` takes from its command until its first page is served: on a fresh data
directory, with a database to be made, and again on what that left.
"""

from __future__ import annotations

import argparse

from figures import Figures, print_runs
from mesher_up import started_mesher, temporary_folder


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1)
    arguments = parser.parse_args()
    print_runs([_measure() for _ in range(arguments.runs)])


def _measure() -> Figures:
    with temporary_folder() as folder:
        with started_mesher(folder) as mesher:
            fresh = mesher.start_seconds
        with started_mesher(folder) as mesher:
            existing = mesher.start_seconds
    return {"fresh_seconds": round(fresh, 2), "existing_seconds": round(existing, 2)}


if __name__ == "__main__":
    main()
