"""
The ledger's side of writing: what became of everything received, by project, hour and category.

Received = stored + dropped + what waits in the journal; ``accepted`` is counted in the transaction
that also counts what became of it, so accepted = stored + dropped at every moment. What receive
refuses counts as accepted and dropped, too. ``client_discarded`` stands beside that: an SDK says that
it dropped so much before it sent anything.
"""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.json_rows import json_rows

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OutcomeKey(NamedTuple):
    """What the ledger counts by."""

    project_id: uuid.UUID
    hour: datetime
    category: str
    outcome: str  # of protocol.outcomes.Outcome
    reason: str  # why dropped or discarded; empty otherwise


def moment_of(epoch_us: int) -> datetime:
    """The time (UTC) of microseconds since the epoch, exactly."""
    return _EPOCH + timedelta(microseconds=epoch_us)


def hour_of(epoch_us: int) -> datetime:
    """The full hour (UTC) that a time in microseconds since the epoch lies in."""
    return _hour(epoch_us // 3_600_000_000)


# Asked for each event, and events come in the order of their time, some late.
@lru_cache(maxsize=64)
def _hour(number: int) -> datetime:
    return _EPOCH + timedelta(hours=number)


def add_outcomes(conn: Connection[TupleRow], outcomes: Counter[OutcomeKey]) -> None:
    """Add to the ledger, in the order of its key."""
    if not outcomes:
        return
    keys = sorted(outcomes)
    conn.execute(
        """
        INSERT INTO outcomes AS o (project_id, hour, category, outcome, reason, quantity)
        SELECT project_id, hour, category, outcome, reason, quantity
        FROM json_to_recordset(%s::json)
        AS new(project_id uuid, hour timestamptz, category text, outcome text, reason text,
               quantity bigint)
        ON CONFLICT (project_id, hour, category, outcome, reason)
        DO UPDATE SET quantity = o.quantity + excluded.quantity
        """,
        (json_rows({**key._asdict(), "quantity": outcomes[key]} for key in keys),),
    )
