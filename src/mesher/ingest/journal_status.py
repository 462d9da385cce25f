"""
How much of the journal waits for digest, seen from outside: by the metrics and the command line.

Everything is read, nothing is written and no lock is taken, so this may run beside the processes
that append and digest. What they do meanwhile makes the figures a moment old, never wrong.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import msgspec

from mesher.ingest.journal import decode_record
from mesher.ingest.journal_sqlite import (
    is_ready,
    read_identity,
    segment_paths,
    shard_paths,
    shard_size_bytes,
)
from mesher.ingest.marker import MARKER_NAME, noted_position


class ShardStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One shard at one moment; positions are 0 where there is none."""

    name: str
    size_bytes: int
    first_position: int  # of what is still on disk
    last_position: int
    digested_position: int  # up to here everything is in PostgreSQL
    oldest_received_at_us: int | None  # of the records that wait; None: none waits

    @property
    def waiting(self) -> int:
        """Records that are acknowledged and not digested yet."""
        return max(0, self.last_position - self.digested_position)


def read_journal_status(
    journal: Path, positions: Mapping[uuid.UUID, int] | None = None
) -> list[ShardStatus]:
    """
    The state of every shard, in order of their numbers.

    Args:
        journal: the folder of the shards.
        positions: up to where each is digested, by the database; ``None`` = by the notes of the
            digest processes, which are the same unless one was killed between commit and note.

    Raises:
        OSError, sqlite3.Error: a shard cannot be read.
    """
    return [
        _shard_status(
            shard,
            noted_position(shard / MARKER_NAME)
            if positions is None
            else positions.get(read_identity(shard), 0),
        )
        for shard in shard_paths(journal)
        if is_ready(shard)
    ]


def _shard_status(shard: Path, digested: int) -> ShardStatus:
    first = last = 0
    oldest: int | None = None
    for path in segment_paths(shard):
        try:
            # Read-only: a connection that may write would make a file anew that was just removed.
            opened = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            with closing(opened) as connection:
                found_first, found_last = connection.execute(
                    "SELECT min(position), max(position) FROM records"
                ).fetchone()
                if found_last is not None and oldest is None and found_last > digested:
                    oldest = _first_time(connection, digested)
        except sqlite3.OperationalError:
            if path.exists():
                raise
            continue  # digested and removed meanwhile
        first, last = first or found_first or 0, found_last or last
    return ShardStatus(
        name=shard.name,
        size_bytes=shard_size_bytes(shard),
        first_position=first,
        last_position=max(last, digested),
        digested_position=digested,
        oldest_received_at_us=oldest,
    )


def _first_time(connection: sqlite3.Connection, after: int) -> int | None:
    """When the first readable record behind a position was received."""
    for (record,) in connection.execute(
        "SELECT record FROM records WHERE position > ? ORDER BY position", (after,)
    ):
        try:
            return decode_record(record).received_at_us
        except msgspec.DecodeError:  # damaged: digest will set it aside
            continue
    return None
