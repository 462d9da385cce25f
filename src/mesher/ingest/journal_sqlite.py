"""
The embedded journal: SQLite in WAL mode, flushed by us, in the data directory.

    journal/
      000/                        one shard: appended by one web process, read by one digester
        identity                  the shard's uuid
        lock                      held by the appender
        00000000000000000001.db   a segment, named by its first position
        00000000000000004711.db   the active segment: the last one

A segment only grows. When it is large or old enough the appender starts the next one, and once every
record of a segment is digested the reader removes the file as a whole: no row is ever deleted, so
freeing space costs nothing per event and needs no lock that the appender wants. The active segment
is never removed, so the next position can always be read from disk and none is used twice.

Age counts because records are what clients sent, secrets included, and are to be gone soon after
they are digested, also where little is sent.

Checkpoints are off: a segment's rows stay in its write-ahead log until the file is removed, which
halves what is written. Removing the file before the last connection closes also spares the
checkpoint on close, since SQLite does not checkpoint a database that was unlinked
(https://www.sqlite.org/wal.html, "Checkpointing").

Writing a group and flushing it are two steps, so that the event loop can do the one and a thread
the other. A reader may therefore see records that are not durable yet, and a power cut can take them
from the journal after they were digested. Their positions are then not given out again: whoever
opens a shard skips as many as one group can have.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
import uuid
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from mesher.errors import SetupError
from mesher.ingest.journal import Entry
from mesher.private_file import sync_file, sync_folder, write_private_file

# On disk. Large enough that rotation is rare, small enough that a drained journal is small: the
# active segment stays, whatever of it is digested.
SEGMENT_BYTES = 64 * 1024**2
# How long records that are digested may stay on disk; a new segment takes some milliseconds.
SEGMENT_SECONDS = 15.0
# With a lower limit of the whole, segments are smaller. Else the active one alone, with the group
# that made it full, could be over the limit, and nothing would ever be taken again.
SEGMENTS_WITHIN_LIMIT = 4
# Records are some kilobytes: pages of 16 KiB hold a typical one without overflow pages.
PAGE_BYTES = 16 * 1024
# Appending needs the last page alone; SQLite's own 2 MB would be kept for each segment that waits.
CACHE_KIB = 128
# One group: bounded so that the first of it does not wait for the last, and for the gap above.
MAX_GROUP_RECORDS = 512
_SUFFIX = ".db"


def shard_paths(root: Path) -> list[Path]:
    """The folders of all shards that exist under the journal's root, in order of their number."""
    if not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if path.is_dir() and path.name.isdigit())


def is_ready(shard: Path) -> bool:
    """Whether the shard's appender has come as far as giving it an identity."""
    return (shard / "identity").exists()


def shard_size_bytes(shard: Path) -> int:
    """Bytes that a shard's segments and their logs take on disk."""
    total = 0
    with os.scandir(shard) as entries:
        for entry in entries:
            try:
                total += entry.stat().st_size
            except FileNotFoundError:  # the reader removed a segment meanwhile
                continue
    return total


def segment_paths(shard: Path) -> list[Path]:
    """The shard's segment files, oldest first."""
    return sorted(path for path in shard.iterdir() if path.suffix == _SUFFIX)


def _create_segment(path: Path) -> None:
    """Make an empty segment; under its name it is complete, so a reader never sees half of one."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    connection = sqlite3.connect(draft, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")  # one flush at the end does it
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE records (position INTEGER PRIMARY KEY, record BLOB NOT NULL)")
    connection.close()
    sync_file(draft)
    draft.rename(path)
    sync_folder(path.parent)


def read_identity(shard: Path) -> uuid.UUID:
    """Which shard it is, whatever its folder is called."""
    return uuid.UUID((shard / "identity").read_text(encoding="ascii").strip())


class SegmentAppender:
    """
    Appends groups of records to one shard: ``write``, then ``flush``, and so on in turns.

    Not thread-safe, but the two may be called by different threads.
    """

    def __init__(self, shard: Path, *, limit_bytes: int | None = None) -> None:
        """
        Open the shard, making it if it is not there.

        Args:
            shard: its folder.
            limit_bytes: above which the caller appends no more; ``None`` = no limit.

        Raises:
            SetupError: another process appends to it.
            OSError, sqlite3.Error: the disk refuses.
        """
        self._shard = shard
        shard.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(shard / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise SetupError(
                f"another process appends to the journal shard {shard}",
                hint="stop the other Mesher that uses this data directory",
            ) from error
        self._make_identity()
        # Connections of full segments: closing one before the reader has removed its file would
        # checkpoint it, which is work for nothing.
        self._full: list[tuple[Path, sqlite3.Connection]] = []
        self._next = 1  # the position of the next record
        self._log: int | None = None  # the file of the active segment's write-ahead log
        self._distrusted = False  # a flush failed: what follows it in this segment may be lost
        self._segment_bytes = SEGMENT_BYTES
        if limit_bytes is not None:
            self._segment_bytes = min(SEGMENT_BYTES, limit_bytes // SEGMENTS_WITHIN_LIMIT)
        segments = segment_paths(shard)
        self._open(segments[-1] if segments else self._segment_path(1))
        if segments:
            self._next += MAX_GROUP_RECORDS

    def write(self, records: Sequence[bytes]) -> None:
        """
        Append the records, at most ``MAX_GROUP_RECORDS``: all or none. Durable after ``flush``.

        Raises:
            sqlite3.Error: nothing was kept (disk full, input or output error).
            OSError: nothing was kept; a flush failed, and no new segment could be made since.
        """
        if self._distrusted:
            raise OSError("the last flush failed")
        position = self._next
        # One short statement for all: each keeps the values that it was given last.
        self._connection.execute("BEGIN")
        with self._connection:  # ends the transaction
            self._connection.executemany(
                "INSERT INTO records (position, record) VALUES (?, ?)",
                enumerate(records, start=position),
            )
        self._next = position + len(records)

    def flush(self) -> None:
        """
        Make durable what was written.

        Raises:
            OSError: the disk refuses; nothing of what was written since the last flush may count.
        """
        try:
            if self._log is None:
                self._log = os.open(f"{self._path}-wal", os.O_RDWR)
                os.fsync(self._log)
                sync_folder(self._shard)
            else:
                os.fdatasync(self._log)
        except OSError:
            self._distrusted = True
            raise

    def is_segment_due(self) -> bool:
        """
        Whether the active segment is full or old, or cannot be trusted any more.

        Raises:
            OSError: the disk refuses to say.
        """
        return self._distrusted or self._is_full() or self._is_old()

    def begin_segment(self) -> None:
        """
        Go on in a new segment.

        Raises:
            OSError, sqlite3.Error: the disk refuses; the active one is used further.
        """
        full = (self._path, self._connection)
        self._close_log()
        self._open(self._segment_path(self._next))
        self._full.append(full)
        self._distrusted = False

    def close_removed(self) -> None:
        """Let go of segments that the reader has removed: their space is free only then."""
        self._full = [
            (path, connection)
            for path, connection in self._full
            if not _close_if_gone(path, connection)
        ]

    def close(self) -> None:
        """Release the files and the lock; what was appended stays."""
        for connection in (self._connection, *(connection for _, connection in self._full)):
            # The last one to close a segment moves its log into the file, which then must be safe.
            connection.execute("PRAGMA synchronous = FULL")
            connection.close()
        self._close_log()
        os.close(self._lock)

    def _make_identity(self) -> None:
        identity = self._shard / "identity"
        if not identity.exists():
            write_private_file(identity, f"{uuid.uuid4()}\n")

    def _segment_path(self, first_position: int) -> Path:
        return self._shard / f"{first_position:020d}{_SUFFIX}"

    def _open(self, path: Path) -> None:
        if not path.exists():
            _create_segment(path)
        # It is opened, written and closed by different threads.
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous = OFF")  # ``flush`` does it
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        (last,) = connection.execute("SELECT max(position) FROM records").fetchone()
        self._connection, self._path = connection, path
        self._looked_at = time.monotonic()  # when it was found to be young
        self._next = int(path.stem) if last is None else last + 1

    def _is_full(self) -> bool:
        # By its files and not by its records: a flush of one small record writes whole pages.
        if self._is_empty():
            return False
        files = (self._path, Path(f"{self._path}-wal"))
        return sum(file.stat().st_size for file in files) >= self._segment_bytes

    def _is_old(self) -> bool:
        now = time.monotonic()
        if self._is_empty() or now - self._looked_at < SEGMENT_SECONDS:
            return False
        self._looked_at = now
        # Where digest has not read the one before, another one would free nothing.
        return len(segment_paths(self._shard)) == 1

    def _is_empty(self) -> bool:
        return self._next == int(self._path.stem)

    def _close_log(self) -> None:
        if self._log is not None:
            os.close(self._log)
            self._log = None


def _close_if_gone(path: Path, connection: sqlite3.Connection) -> bool:
    if path.exists():
        return False
    connection.close()
    return True


class SegmentReader:
    """Reads one shard in order and removes the segments that are done. Not thread-safe."""

    def __init__(self, shard: Path) -> None:
        self._shard = shard
        self._shard_id = read_identity(shard)
        self._path: Path | None = None
        self._connection: sqlite3.Connection | None = None

    @property
    def shard_id(self) -> uuid.UUID:
        """Identity of the shard."""
        return self._shard_id

    def read(self, after: int, max_records: int, max_bytes: int) -> list[Entry]:
        """The next entries behind ``after``, as ``journal.ShardReader.read`` says."""
        segments = segment_paths(self._shard)
        # The last segment that starts at or before the wanted position holds it; where the next
        # one already exists and this one is read to its end, the next one goes on.
        wanted = after + 1
        index = max((i for i, path in enumerate(segments) if int(path.stem) <= wanted), default=0)
        for path in segments[index : index + 2]:
            entries = self._read_segment(path, after, max_records, max_bytes)
            if entries:
                return entries
        return []

    def acknowledge(self, position: int) -> None:
        """Remove every segment before the active one whose records are all at or before this."""
        segments = segment_paths(self._shard)
        for path, following in pairwise(segments):
            # Behind a restart there is a gap; then only the segment itself tells where it ends.
            if int(following.stem) > position + 1 and self._last_position(path) > position:
                break
            self._remove(path)

    def _last_position(self, path: Path) -> int:
        (last,) = self._connect(path).execute("SELECT max(position) FROM records").fetchone()
        return last or 0

    def close(self) -> None:
        """Release the open segment."""
        if self._connection is not None:
            self._connection.close()
            self._connection, self._path = None, None

    def _read_segment(
        self, path: Path, after: int, max_records: int, max_bytes: int
    ) -> list[Entry]:
        entries: list[Entry] = []
        size = 0
        cursor = self._connect(path).execute(
            "SELECT position, record FROM records WHERE position > ? ORDER BY position LIMIT ?",
            (after, max_records),
        )
        for position, record in cursor:
            size += len(record)
            if entries and size > max_bytes:
                break
            entries.append(Entry(position, record))
        cursor.close()
        return entries

    def _connect(self, path: Path) -> sqlite3.Connection:
        if self._connection is None or self._path != path:
            self.close()
            # Read-write in SQLite's sense: the first connection after a crash recovers the log.
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.execute("PRAGMA wal_autocheckpoint = 0")
            self._path = path
        return self._connection

    def _remove(self, path: Path) -> None:
        for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            name.unlink(missing_ok=True)
        if self._path == path:
            self.close()
