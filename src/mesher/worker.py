"""
The digest process: Settings to a loop over the journal shards that are this process's own.

With ``n`` digest processes, process ``i`` takes the shards whose number leaves ``i`` when divided
by ``n``: every shard has one reader, whatever the numbers were when it was written.
"""

from __future__ import annotations

import os
import signal
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import structlog

from mesher import metrics
from mesher.grouping.fingerprint import ALGORITHM_VERSION
from mesher.ingest.digester import ShardDigester
from mesher.ingest.journal_sqlite import SegmentReader, is_ready, shard_paths
from mesher.ingest.marker import MARKER_NAME, Marker
from mesher.ingest.symbolication import Symbolicator
from mesher.ingest.symbolicator_process import SymbolicatorProcess
from mesher.settings import Settings
from mesher.storage.artifacts import list_projects_with_artifacts
from mesher.storage.connection import connect
from mesher.storage.ingest_batch import PositionMoved
from mesher.storage.kept_grouping import forget_older_versions, list_grouping_settings
from mesher.storage.kept_settings import list_changed_settings
from mesher.storage.partitions import make_partitions
from mesher.values.grouping_settings import GroupingSettings
from mesher.values.ingest_settings import IngestSettings

# A fourteenth of the weight of the other processes.
NICENESS = 12
# An event waits at most this long before digest sees it.
POLL_SECONDS = 0.02
# The web processes make their shards as they start; new ones are looked for this often.
SHARD_SCAN_SECONDS = 1.0
# The data model asks for "at least daily"; hourly also covers a clock that is set forward.
PARTITION_SECONDS = 3600.0
# A changed setting is in force within this time, as in receive.
SETTINGS_SECONDS = 2.0
# While the database is away: first and longest pause between tries.
FIRST_RETRY_SECONDS = 0.1
LONGEST_RETRY_SECONDS = 5.0

log = structlog.get_logger(__name__)


def run_digest(settings: Settings, index: int) -> None:
    """Digest until SIGTERM or SIGINT; the batch in hand is finished first."""
    _give_way()
    process = _DigestProcess(settings, index)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, process.request_stop)
    process.run()


def _give_way() -> None:
    """Let receive and pages go first where cores are short: what waits in the journal is safe."""
    os.nice(NICENESS)
    # Linux can share the cores among sessions first, and nice then counts only within ours; the
    # session's own share is set here (man 7 sched, "The autogroup feature").
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS), encoding="ascii")


class _DigestProcess:
    def __init__(self, settings: Settings, index: int) -> None:
        self._settings = settings
        self._index = index
        # A plain flag: an Event that a signal handler sets while this thread waits for it deadlocks.
        self._stopping = False
        self._digesters: dict[str, ShardDigester] = {}
        self._project_settings: dict[uuid.UUID, IngestSettings] = {}
        self._project_grouping: dict[uuid.UUID, GroupingSettings] = {}
        self._projects_with_artifacts: set[uuid.UUID] = set()
        self._symbolicator_process = SymbolicatorProcess(settings.database_url)
        self._symbolicator = Symbolicator(
            lambda query, deadline: self._symbolicator_process.ask(query, deadline=deadline),
            self._projects_with_artifacts,
            prepare=self._symbolicator_process.prepare,
        )

    def request_stop(self, *_: object) -> None:
        """The handler of the signals that ask the process to end."""
        self._stopping = True

    def run(self) -> None:
        """Digest until asked to stop, through any absence of the database."""
        retry_seconds = FIRST_RETRY_SECONDS
        while not self._stopping:
            try:
                with connect(self._settings.database_url, application_name="mesher-digest") as conn:
                    retry_seconds = FIRST_RETRY_SECONDS
                    self._digest_while_connected(conn)
            except psycopg.OperationalError as error:
                metrics.DATABASE_ERRORS.labels("digest").inc()
                log.warning(
                    "database_away", reason=str(error).strip(), retry_after_seconds=retry_seconds
                )
                self._pause(retry_seconds)
                retry_seconds = min(retry_seconds * 2, LONGEST_RETRY_SECONDS)
            except PositionMoved as error:
                # Two processes took one shard, which a changed number of processes can do for a
                # moment: begin again from the committed position.
                log.warning("shard_taken_over", reason=str(error))
                self._close_digesters()
        self._close_digesters()
        self._symbolicator_process.end()

    def _digest_while_connected(self, conn: psycopg.Connection) -> None:
        partitions_due, scan_due, settings_due = 0.0, 0.0, 0.0  # at once, then in own rhythms
        while not self._stopping:
            now = time.monotonic()
            if now >= partitions_due:
                make_partitions(conn, datetime.now(UTC).date())
                forget_older_versions(conn, newest_version=ALGORITHM_VERSION)
                partitions_due = now + PARTITION_SECONDS
            if now >= settings_due:
                self._read_settings(conn)
                self._symbolicator_process.end_if_idle()
                settings_due = now + SETTINGS_SECONDS
            if now >= scan_due:
                self._open_new_shards()
                scan_due = now + SHARD_SCAN_SECONDS
            if not sum(digester.digest_next(conn) for digester in self._digesters.values()):
                time.sleep(POLL_SECONDS)

    def _read_settings(self, conn: psycopg.Connection) -> None:
        changed = list_changed_settings(conn)
        grouping = list_grouping_settings(conn, newest_version=ALGORITHM_VERSION)
        with_artifacts = list_projects_with_artifacts(conn)
        self._project_settings.clear()  # the digesters look into these very mappings
        self._project_settings.update(changed)
        self._project_grouping.clear()
        self._project_grouping.update(grouping)
        self._projects_with_artifacts.clear()
        self._projects_with_artifacts.update(with_artifacts)

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < until:
            time.sleep(POLL_SECONDS)

    def _open_new_shards(self) -> None:
        for shard in shard_paths(self._settings.data_dir / "journal"):
            mine = int(shard.name) % self._settings.digest_processes == self._index
            if mine and shard.name not in self._digesters and is_ready(shard):
                log.info("shard_opened", shard=shard.name)
                self._digesters[shard.name] = ShardDigester(
                    SegmentReader(shard),
                    Marker(shard / MARKER_NAME),
                    self._project_settings,
                    self._project_grouping,
                    self._symbolicator.symbolicate,
                )

    def _close_digesters(self) -> None:
        for digester in self._digesters.values():
            digester.close()
        self._digesters.clear()
