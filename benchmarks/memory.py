"""
The memory of a tree of processes, as the kernel shares it out (PSS).

A page that several processes map counts for each by its part, so the figures of a tree add up; the
resident size (RSS) would count PostgreSQL's shared buffers once per connection.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple


class Memory(NamedTuple):
    """In megabytes."""

    mesher_mb: float  # supervisor, web, digest and jobs
    postgres_mb: float  # the embedded PostgreSQL with its connections


def measure_memory(root_pid: int) -> Memory:
    """What a process and its descendants take now."""
    children = _children()
    kilobytes = {"mesher": 0, "postgres": 0}
    waiting = [root_pid]
    while waiting:
        pid = waiting.pop()
        waiting += children[pid]
        kilobytes["postgres" if _name(pid) == "postgres" else "mesher"] += _pss_kilobytes(pid)
    return Memory(round(kilobytes["mesher"] / 1024, 1), round(kilobytes["postgres"] / 1024, 1))


def _children() -> dict[int, list[int]]:
    children: dict[int, list[int]] = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        # pid (name, which may hold blanks and brackets) state ppid …
        after_name = _read(path).rpartition(")")[2].split()
        if after_name:
            children[int(after_name[1])].append(int(path.parent.name))
    return children


def _name(pid: int) -> str:
    return _read(Path(f"/proc/{pid}/comm")).strip()


def _pss_kilobytes(pid: int) -> int:
    for line in _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def _read(path: Path) -> str:
    """A file of /proc; empty when its process has ended meanwhile."""
    try:
        return path.read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
