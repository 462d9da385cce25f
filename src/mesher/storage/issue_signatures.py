"""The signatures of issues, by which similar ones are found; written once, when an issue is made."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.similarity import bands, features
from mesher.storage.json_rows import json_rows

_INSERT = """
    INSERT INTO issue_signatures (issue_id, bands)
    SELECT issue_id, bands FROM json_to_recordset(%s::json) AS new(issue_id uuid, bands bigint[])
    ON CONFLICT DO NOTHING
"""


class Described(msgspec.Struct, frozen=True):
    """What a signature is made of."""

    issue_id: uuid.UUID
    project_id: uuid.UUID
    title: str
    grouping: dict[str, Any] | None  # as the issue keeps it


class _Signature(msgspec.Struct):
    issue_id: uuid.UUID
    bands: list[int]


def insert_signatures(conn: Connection[TupleRow], issues: Iterable[Described]) -> None:
    """Keep the signatures of new issues; 0.1 ms of computing each."""
    rows = [
        _Signature(issue.issue_id, bands(features(issue.title, issue.grouping), issue.project_id))
        for issue in issues
    ]
    if rows:
        conn.execute(_INSERT, (json_rows(rows),))
