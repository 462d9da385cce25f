"""
What alert rules wait for, written in the transaction that shows it.

So nothing that was stored is missed by a rule, whatever ends a process; and storing costs nothing more
where no issue is new or comes back, or the project has no rule.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, LiteralString

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.json_rows import json_rows

SignalKind = Literal["new_issue", "regression"]

# Whether there is a rule by idx_alert_rules_project.
_INSERT: LiteralString = """
    INSERT INTO alert_signals (project_id, issue_id, kind, at)
    SELECT project_id, issue_id, kind, at
    FROM json_to_recordset(%s::json) AS new(
        project_id uuid, issue_id uuid, kind text, at timestamptz)
    WHERE EXISTS (SELECT FROM alert_rules AS r
                  WHERE r.project_id = new.project_id AND r.enabled = true)
"""


class Signal(msgspec.Struct, frozen=True):
    """Something that happened to an issue."""

    project_id: uuid.UUID
    issue_id: uuid.UUID
    kind: SignalKind
    at: datetime


def note_signals(conn: Connection[TupleRow], signals: Sequence[Signal]) -> None:
    """Keep signals for the rules of their projects; the caller commits."""
    if signals:
        conn.execute(_INSERT, (json_rows(signals),))
