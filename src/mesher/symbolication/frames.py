"""What a mapped frame may hold: the limits of the event's own frames apply to it too."""

from __future__ import annotations

from mesher.protocol.limits import PATH_CHARACTERS
from mesher.symbolication.limits import LINE_CHARACTERS, SNIPPED_CHARACTERS

_SNIP = "{snip}"


def cut_path(path: str) -> str:
    """A path in the length that a frame may hold: the end of it tells files apart."""
    limit, slack = PATH_CHARACTERS
    return path if len(path) <= limit + slack else "…" + path[-limit + 1 :]


def snip(line: str, column: int) -> str:
    """A long line's part around a column that counts from 1; 0 takes its begin."""
    if len(line) <= LINE_CHARACTERS:
        return line
    begin = max(0, min(column - SNIPPED_CHARACTERS // 2, len(line) - SNIPPED_CHARACTERS))
    end = begin + SNIPPED_CHARACTERS
    before = f"{_SNIP} " if begin else ""
    after = f" {_SNIP}" if end < len(line) else ""
    return f"{before}{line[begin:end]}{after}"
