"""A record that comes by no journal is digested and stored in the caller's transaction."""

from __future__ import annotations

from collections import Counter

import psycopg
from psycopg.rows import TupleRow

from mesher.grouping.fingerprint import ALGORITHM_VERSION
from mesher.ingest.digest import Symbolicate, digest_record
from mesher.ingest.journal import Record
from mesher.ingest.policies import Policies
from mesher.storage.awaited_artifacts import AwaitedKey, Moments, note_awaited
from mesher.storage.ingest_batch import store_events
from mesher.storage.kept_grouping import list_grouping_settings
from mesher.storage.kept_settings import list_changed_settings
from mesher.storage.ledger import OutcomeKey, hour_of, moment_of
from mesher.storage.partitions import make_partitions
from mesher.values.ingest_settings import IngestSettings


def digest_alone(
    conn: psycopg.Connection[TupleRow],
    record: Record,
    symbolicate: Symbolicate | None = None,
    *,
    take_back: Counter[OutcomeKey] | None = None,
) -> Counter[OutcomeKey]:
    """
    Digest one record; neither filters nor sampling apply, but scrubbing and how the project groups.

    Args:
        conn: the caller commits.
        record: as receive would have appended it.
        symbolicate: maps the frames of its events to their source.
        take_back: what the ledger has counted of it before.

    Returns:
        What was added to the ledger.

    Raises:
        ProtocolError: the record cannot be read.
        psycopg.Error: as the server says; nothing is written then.
    """
    grouping = list_grouping_settings(conn, newest_version=ALGORITHM_VERSION)
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
    outcomes.subtract(take_back or Counter())
    return store_events(conn, digested.events, outcomes, digested.companions)
