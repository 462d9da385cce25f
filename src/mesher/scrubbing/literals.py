"""
Many literals in one pass over some bytes, by Vectorscan (https://www.vectorcamp.gr/vectorscan/).

Literals are folded: a letter stands for both its cases, and ``0`` for any digit, so that ``0000 0000``
finds numbers of that form.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import hyperscan

# Where a literal ends, and its place in the order in which they were given.
Found = tuple[int, int]


class Literals:
    """Some literals, ready to be looked for."""

    def __init__(self, literals: Sequence[bytes]) -> None:
        """
        Takes 20 to 50 ms for the hundreds of literals that keys and patterns have.

        Args:
            literals: lower case, each once.
        """
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=list(map(_expression, literals)),
            ids=range(len(literals)),
            elements=len(literals),
            flags=[hyperscan.HS_FLAG_CASELESS] * len(literals),
        )
        # A database has room to work in for one thread; it gives way to others meanwhile.
        self._lock = Lock()

    def find(self, data: bytes) -> list[Found]:
        """Every place where a literal ends, in the order of the places; also of those that overlap."""
        found: list[Found] = []
        keep = found.append

        def note(index: int, _begin: int, end: int, _flags: int, _context: object) -> None:
            keep((end, index))

        with self._lock:
            self._database.scan(data, match_event_handler=note)
        found.sort()
        return found


def _expression(literal: bytes) -> bytes:
    return b"".join(b"[0-9]" if byte == ord("0") else b"\\x%02x" % byte for byte in literal)
