"""
Replay: a quarantined record is digested once more, after whatever stopped it is repaired.

    take out of the quarantine → digest → take the outcome back → store, in one transaction

The record leaves the quarantine in the transaction that stores its events: it is stored once or
still there. The events' ids are those that the client was told.
"""

from __future__ import annotations

from collections import Counter

import psycopg
from psycopg.rows import TupleRow

from mesher.errors import Conflict, NotFound
from mesher.grouping.fingerprint import ALGORITHM_VERSION
from mesher.ingest.digest import Symbolicate, digest_record
from mesher.ingest.digester import quarantine_outcomes
from mesher.ingest.journal import decode_record
from mesher.ingest.policies import Policies
from mesher.storage.awaited_artifacts import AwaitedKey, Moments, note_awaited
from mesher.storage.ingest_batch import store_events
from mesher.storage.kept_grouping import list_grouping_settings
from mesher.storage.kept_settings import list_changed_settings
from mesher.storage.ledger import OutcomeKey, hour_of, moment_of
from mesher.storage.partitions import make_partitions
from mesher.storage.quarantine import take_quarantined
from mesher.values.ingest_settings import IngestSettings


def replay(
    conn: psycopg.Connection[TupleRow], entry_id: int, symbolicate: Symbolicate | None = None
) -> Counter[OutcomeKey]:
    """
    Digest one record of the quarantine, in a transaction of its own.

    Args:
        conn: in autocommit mode.
        entry_id: of the record.
        symbolicate: maps the frames of its events to their source.

    Returns:
        What was added to the ledger; what the quarantine had added is negative.

    Raises:
        NotFound: it is not in the quarantine (any more).
        Conflict: it cannot be digested or stored now either, and stays where it is.
        psycopg.OperationalError: the database is away; it stays where it is.
    """
    try:
        with conn.transaction():
            return _digest_entry(conn, entry_id, symbolicate)
    except (NotFound, psycopg.OperationalError):
        raise
    except Exception as error:  # whatever put it there may come again: a bug of ours too
        raise Conflict(
            f"entry {entry_id} is refused again: {type(error).__name__}: {error}"
        ) from error


def _digest_entry(
    conn: psycopg.Connection[TupleRow], entry_id: int, symbolicate: Symbolicate | None
) -> Counter[OutcomeKey]:
    data = take_quarantined(conn, entry_id)
    if data is None:
        raise NotFound(f"there is no entry {entry_id} in the quarantine")
    record = decode_record(data)
    grouping = list_grouping_settings(conn, newest_version=ALGORITHM_VERSION)
    # It was let in once; but no secret passes because it comes later, and how the project groups holds.
    settings = list_changed_settings(conn).get(record.project_id, IngestSettings())
    policies = Policies({record.project_id: settings.scrubbing_alone()}, grouping, symbolicate)
    digested = digest_record(record, policies.find(record.project_id))
    make_partitions(conn, hour_of(record.received_at_us).date(), days_ahead=0)
    received_at = moment_of(record.received_at_us)
    note_awaited(
        conn,
        {
            AwaitedKey(record.project_id, awaited.kind, awaited.name): Moments(
                received_at, received_at
            )
            for awaited in digested.awaited
        },
    )
    outcomes = Counter(digested.outcomes)
    outcomes.subtract(quarantine_outcomes(record))
    return store_events(conn, digested.events, outcomes, digested.companions)
