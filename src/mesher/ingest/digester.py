"""
Digest, the moving part: reads a shard of the journal in order, and writes batch after batch.

    read → digest each record → one transaction → acknowledge

When the database refuses a batch, its records are tried one by one, and the one that it refuses
``MAX_ATTEMPTS`` times is quarantined. Where the *process* died while it worked on a batch, the
marker file says so at the next start, and the same happens. A record on which the pure part fails
is quarantined at once: it would fail the same way again.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType

import msgspec
import psycopg
import structlog
from psycopg.rows import TupleRow

from mesher import metrics
from mesher.ingest.awaiting import Awaiting
from mesher.ingest.digest import Policy, Symbolicate, digest_records
from mesher.ingest.journal import Entry, Record, ShardReader, decode_record
from mesher.ingest.marker import Marker
from mesher.ingest.policies import Policies
from mesher.ingest.scrubbed import without_secrets
from mesher.ingest.seen_releases import SeenReleases
from mesher.storage.awaited_artifacts import AwaitedKey, Moments
from mesher.storage.ingest_batch import Batch, QuarantinedRecord, read_position, store_batch
from mesher.storage.ledger import OutcomeKey, hour_of, moment_of
from mesher.storage.partitions import make_partitions
from mesher.symbolication.outcome import Awaited
from mesher.values.grouping_settings import GroupingSettings
from mesher.values.ingest_settings import IngestSettings

# Batches of 100 to 1000 store equally fast per event; some hundreds keep latency and memory low.
MAX_BATCH_RECORDS = 400
# Bounds the memory of a batch: compressed bodies take about ten times their size in work.
MAX_BATCH_BYTES = 6 * 1024**2
# Tries of one record before it is set aside; a database that is away does not count.
MAX_ATTEMPTS = 3
# The quarantine shows why, not everything that a driver can say.
MAX_REASON_CHARACTERS = 500

_READ_SECONDS = metrics.DIGEST_SECONDS.labels("read")
_DIGEST_SECONDS = metrics.DIGEST_SECONDS.labels("digest")
_STORE_SECONDS = metrics.DIGEST_SECONDS.labels("store")

log = structlog.get_logger(__name__)


class ShardDigester:
    """Digests one shard of the journal, for as long as its process lives."""

    def __init__(
        self,
        reader: ShardReader,
        marker: Marker,
        settings: Mapping[uuid.UUID, IngestSettings] = MappingProxyType({}),
        grouping: Mapping[uuid.UUID, GroupingSettings] = MappingProxyType({}),
        symbolicate: Symbolicate | None = None,
    ) -> None:
        """
        Args:
            reader: the shard.
            marker: where the work in hand is noted, so that it survives a kill of this process.
            settings: of the projects that have changed any, as the process keeps them fresh.
            grouping: the same, about grouping.
            symbolicate: maps the frames of an event to their source.
        """
        self._policies = Policies(settings, grouping, symbolicate)
        self._awaiting = Awaiting()
        self._releases = SeenReleases()
        self._reader = reader
        self._marker = marker
        self._position: int | None = None
        self._one_by_one_until = marker.unfinished_until
        self._refusal = ""
        self._refusals = 0  # of the record behind the position, by the database
        self._days_with_partition: set[date] = set()

    def digest_next(self, conn: psycopg.Connection[TupleRow]) -> int:
        """
        Digest the next batch in a transaction of its own.

        Args:
            conn: in autocommit mode.

        Returns:
            How many records were read; 0 when the shard has nothing to read now.

        Raises:
            psycopg.OperationalError: the database is away or full; nothing is lost, call again.
            PositionMoved: another digester works on this shard.
        """
        if self._position is None:
            self._position = read_position(conn, self._reader.shard_id)
            self._reader.acknowledge(self._position)
        alone = self._position < self._one_by_one_until
        began = time.perf_counter()
        entries = self._reader.read(
            self._position, 1 if alone else MAX_BATCH_RECORDS, MAX_BATCH_BYTES
        )
        if entries:
            metrics.BATCH_RECORDS.observe(len(entries))
            _READ_SECONDS.observe(time.perf_counter() - began)
            died_on_it = self._marker.begin(self._position, entries[-1].position)
            try:
                self._digest(conn, self._position, entries, died_on_it=died_on_it)
            finally:
                self._marker.end(self._position)
        else:  # the appender may have begun a new segment since
            self._reader.acknowledge(self._position)
        return len(entries)

    def close(self) -> None:
        """Release the shard."""
        self._reader.close()
        self._marker.close()

    def _digest(
        self,
        conn: psycopg.Connection[TupleRow],
        after: int,
        entries: Sequence[Entry],
        *,
        died_on_it: int,
    ) -> None:
        alone = len(entries) == 1
        shard = self._reader.shard_id
        if alone and died_on_it >= MAX_ATTEMPTS:
            batch = set_aside(shard, after, entries[0], "the digest process died on it")
        elif alone and self._refusals >= MAX_ATTEMPTS:
            batch = set_aside(shard, after, entries[0], self._refusal)
        else:
            with _DIGEST_SECONDS.time():
                self._policies.roll_back()
                batch = make_batch(shard, after, entries, self._policies)
                batch.new_releases = self._releases.find_new(batch.events)
                batch.awaited = self._awaiting.due(batch.awaited)
        try:
            self._make_partitions(conn, batch)
            with _STORE_SECONDS.time(), conn.transaction():
                outcomes = store_batch(conn, batch)
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            self._one_by_one_until = max(self._one_by_one_until, entries[-1].position)
            self._days_with_partition.clear()  # retention may have dropped one under us
            self._refusals += 1
            self._refusal = f"the database refuses it: {error}"
            metrics.DATABASE_ERRORS.labels("digest").inc()
            log.warning("batch_refused", records=len(entries), after=after, reason=str(error))
            return
        self._policies.commit()
        self._releases.commit()
        self._awaiting.commit(batch.awaited)
        self._refusals = 0
        self._position = batch.position
        self._reader.acknowledge(batch.position)
        _count(outcomes, batch)

    def _make_partitions(self, conn: psycopg.Connection[TupleRow], batch: Batch) -> None:
        """Make the partitions of a backlog from days before this process began."""
        days = {hour_of(event.received_at_us).date() for event in batch.events}
        for day in sorted(days - self._days_with_partition):
            make_partitions(conn, day, days_ahead=0)
            self._days_with_partition.add(day)


def _count(outcomes: Counter[OutcomeKey], batch: Batch) -> None:
    """Show a committed batch in the metrics."""
    metrics.QUARANTINED.inc(len(batch.quarantined))
    for key, quantity in outcomes.items():
        metrics.ITEMS.labels(key.category, key.outcome, key.reason).inc(quantity)


def make_batch(
    shard_id: uuid.UUID, after: int, entries: Sequence[Entry], policies: Policies | None = None
) -> Batch:
    """
    Digest the entries of a shard behind position ``after``; without policies, take all.

    A record that fails is in the batch's ``quarantined`` instead; nothing is raised for it.
    """
    batch = Batch(shard_id=shard_id, after=after, position=entries[-1].position)
    policies = policies or Policies()
    in_hand: deque[tuple[Entry, Record]] = deque()

    def decoded() -> Iterator[tuple[Record, Policy]]:
        for entry in entries:
            try:
                record = decode_record(entry.record)
                policy = policies.find(record.project_id)
            except Exception as error:
                log.exception("record_quarantined", shard=str(shard_id), position=entry.position)
                _quarantine(batch, entry, f"{type(error).__name__}: {error}")
            else:
                in_hand.append((entry, record))
                yield record, policy

    for digested in digest_records(decoded()):
        entry, record = in_hand.popleft()
        if isinstance(digested, Exception):
            position = entry.position
            log.error(
                "record_quarantined", shard=str(shard_id), position=position, exc_info=digested
            )
            _quarantine(batch, entry, f"{type(digested).__name__}: {digested}")
        else:
            batch.events += digested.events
            batch.outcomes.update(digested.outcomes)
            batch.companions.extend(digested.companions)
            _add_awaited(batch, record, digested.awaited)
    return batch


def _add_awaited(batch: Batch, record: Record, found: Iterable[Awaited]) -> None:
    for awaited in found:
        received_at = moment_of(record.received_at_us)
        key = AwaitedKey(record.project_id, awaited.kind, awaited.name)
        known = batch.awaited.get(key, Moments(received_at, received_at))
        batch.awaited[key] = Moments(min(known.first, received_at), max(known.last, received_at))


def set_aside(shard_id: uuid.UUID, after: int, entry: Entry, reason: str) -> Batch:
    """The batch that moves one record to the quarantine without looking into its body."""
    log.error("record_quarantined", shard=str(shard_id), position=entry.position, reason=reason)
    batch = Batch(shard_id=shard_id, after=after, position=entry.position)
    _quarantine(batch, entry, reason)
    return batch


def _quarantine(batch: Batch, entry: Entry, reason: str) -> None:
    record: Record | None = None
    received_at_us = time.time_ns() // 1000
    try:
        record = decode_record(entry.record)
    except msgspec.DecodeError:
        pass  # damaged on disk: whose it was cannot be told, and no ledger counts it
    else:
        received_at_us = record.received_at_us
        batch.outcomes.update(quarantine_outcomes(record))
    batch.quarantined.append(
        QuarantinedRecord(
            position=entry.position,
            project_id=record.project_id if record else None,
            received_at_us=received_at_us,
            # It may quote what a client sent.
            reason=without_secrets(reason).replace("\0", "")[:MAX_REASON_CHARACTERS],
            record=entry.record,
        )
    )


def quarantine_outcomes(record: Record) -> Counter[OutcomeKey]:
    """What the ledger counts for a record in the quarantine, and a replay takes back."""
    hour = hour_of(record.received_at_us)
    quantity = max(1, len(record.event_ids))
    return Counter(
        {
            OutcomeKey(record.project_id, hour, "error", outcome, reason): quantity
            for outcome, reason in (("accepted", ""), ("dropped", "quarantined"))
        }
    )
