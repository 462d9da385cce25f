"""
A note, on disk, of which records a digest process has in hand.

It is written without a flush: it has to survive the death of the process, not of the machine, and
after a power cut the batch is simply tried again.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

MARKER_NAME = "in-hand"  # in the folder of the shard
_NOTE = struct.Struct("!qqqq")  # in hand (0 or 1), after, until, how often a process died on it


def noted_position(path: Path) -> int:
    """Up to where a shard was digested when its digester last wrote its note; 0 before the first."""
    try:
        note = path.read_bytes()
    except FileNotFoundError:
        return 0
    return int(_NOTE.unpack(note)[1]) if len(note) == _NOTE.size else 0


class Marker:
    """The note of one shard."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        note = os.pread(self._file, _NOTE.size, 0)
        in_hand, after, until, deaths = (
            _NOTE.unpack(note) if len(note) == _NOTE.size else (0, 0, 0, 0)
        )
        self._died_after = after if in_hand else -1
        self._deaths = deaths + 1 if in_hand else 0
        # Position up to which a process that died had taken records; 0 when none died.
        self.unfinished_until: int = until if in_hand else 0

    def begin(self, after: int, until: int) -> int:
        """
        Note that the records behind ``after`` up to ``until`` are in hand.

        Returns:
            How many processes have died so far on records that begin there.
        """
        deaths = self._deaths if after == self._died_after else 0
        os.pwrite(self._file, _NOTE.pack(1, after, until, deaths), 0)
        return deaths

    def end(self, position: int) -> None:
        """
        Note that nothing is in hand: the process lives, whatever became of the records.

        Args:
            position: up to where the shard is digested; others read it where the database is away.
        """
        os.pwrite(self._file, _NOTE.pack(0, position, 0, 0), 0)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
