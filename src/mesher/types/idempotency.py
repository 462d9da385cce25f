"""Requests that were sent with a key, and what they were answered with; for a day."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from mesher.types.declaration import metadata

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("caller", LargeBinary, primary_key=True),  # hash of the token
    Column("key", Text, primary_key=True),
    Column("request", LargeBinary, nullable=False),  # hash of all that was asked
    Column("status", SmallInteger),  # NULL: it is being answered, or nobody knows
    Column("answer", LargeBinary),  # sealed: it may tell a new token
    Column("at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Index("idx_idempotency_keys_at", "at"),
)
