"""
How much of what the machine could store at best Mesher stores: ``ingest.py`` without a rate, and
``limit.py``, by turns and with as many events. Machines differ, and one machine differs from hour to
hour; the share of the bare loop differs less.
"""

from __future__ import annotations

import argparse

import psycopg

from figures import Figures, print_runs
from ingest import measure_load
from limit import empty_database, measure_limit
from load import Load
from mesher_up import started_mesher, temporary_folder


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=20_000, help="of one run")
    parser.add_argument("--runs", type=int, default=1)
    arguments = parser.parse_args()
    print_runs([_measure(arguments.events) for _ in range(arguments.runs)])


def _measure(events: int) -> Figures:
    with temporary_folder() as folder, empty_database(folder) as url:
        bare = measure_limit(url, events)
    with temporary_folder() as folder, started_mesher(folder) as mesher:
        load = Load(dsn=mesher.ready["dsn"], events=events, groups=50, connections=32)
        with psycopg.connect(mesher.ready["database_url"], autocommit=True) as conn:
            mesher_rate = measure_load(conn, load)["end_to_end_per_second"] or 0.0
    return {
        "bare_loop_per_second": bare,
        "end_to_end_per_second": mesher_rate,
        "share_of_bare_loop": round(mesher_rate / bare, 3),
    }


if __name__ == "__main__":
    main()
