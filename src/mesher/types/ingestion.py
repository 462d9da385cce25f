"""
The tables that ingestion keeps its own books in. They are no schema types: nobody is shown a row
of them, and only ``storage`` reads them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from mesher.types.declaration import metadata

# How far each shard of the journal is digested: moves in the transaction that stores its records.
journal_positions = Table(
    "journal_positions",
    metadata,
    Column("shard", Uuid, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
)

# Which event ids a project has: tells duplicates apart across days, and in which partition an event
# lies. BRIN, because rows arrive in the order of their time.
event_ids = Table(
    "event_ids",
    metadata,
    Column("project_id", Uuid, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("received_at", TIMESTAMP(timezone=True), nullable=False),
    Index("idx_event_ids_received", "received_at", postgresql_using="brin"),
)

# The ledger: how many items came and what became of them, per project and hour.
outcomes = Table(
    "outcomes",
    metadata,
    Column("project_id", Uuid, primary_key=True),
    Column("hour", TIMESTAMP(timezone=True), primary_key=True),
    Column("category", Text, primary_key=True),
    Column("outcome", Text, primary_key=True),
    Column("reason", Text, primary_key=True, server_default=text("''")),
    Column("quantity", BigInteger, nullable=False),
)

# Journal records that could not be digested, with the reason; they can be replayed.
quarantine = Table(
    "quarantine",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("shard", Uuid, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("project_id", Uuid),
    Column("received_at", TIMESTAMP(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    UniqueConstraint("shard", "position"),
)
