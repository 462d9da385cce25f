"""
How Mesher compares with Bugsink (``bugsink.py`` says how that is set up): the same load at both, by
turns in one session, each on its default database and with all its defaults otherwise.

Installs Bugsink from PyPI, once for each environment folder.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import psycopg

from bugsink import Bugsink, install_bugsink, started_bugsink
from figures import Figures, print_runs
from ingest import measure_load, send_and_wait
from load import Load
from mesher_up import started_mesher, temporary_folder

CONNECTIONS = 16
GROUPS = 50


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1000, help="of one run, for each of the two")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument(
        "--environment", type=Path, help="where Bugsink is or shall be installed, to be kept"
    )
    arguments = parser.parse_args()
    with temporary_folder() as folder:
        environment = (arguments.environment or folder / "environment").absolute()
        version = install_bugsink(environment)
        with (
            started_bugsink(environment, folder / "bugsink") as bugsink,
            started_mesher(folder) as mesher,
            psycopg.connect(mesher.ready["database_url"], autocommit=True) as conn,
        ):
            dsn = mesher.ready["dsn"]
            _compare(bugsink, conn, dsn, GROUPS)  # both have begun, and know all issues
            runs = [_compare(bugsink, conn, dsn, arguments.events) for _ in range(arguments.runs)]
    print_runs(runs, bugsink_version=version)


def _compare(bugsink: Bugsink, conn: psycopg.Connection, dsn: str, events: int) -> Figures:
    theirs, _ = send_and_wait(_load(bugsink.dsn, events), bugsink.count_stored)
    ours = measure_load(conn, _load(dsn, events))
    names = ("acknowledged_per_second", "end_to_end_per_second", "refused")
    both = {f"bugsink_{name}": theirs[name] for name in names}
    both |= {f"mesher_{name}": ours[name] for name in names}
    return both | {
        f"times_{name}": round((ours[name] or 0.0) / (theirs[name] or 1.0), 1) for name in names[:2]
    }


def _load(dsn: str, events: int) -> Load:
    return Load(dsn=dsn, events=events, groups=GROUPS, connections=CONNECTIONS, behind_proxy=True)


if __name__ == "__main__":
    main()
