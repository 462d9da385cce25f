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
from mesher.ingest.digest import Symbolicate
from mesher.ingest.digest_alone import digest_alone
from mesher.ingest.digester import quarantine_outcomes
from mesher.ingest.journal import decode_record
from mesher.storage.ledger import OutcomeKey
from mesher.storage.quarantine import take_quarantined


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
    return digest_alone(conn, record, symbolicate, take_back=quarantine_outcomes(record))
