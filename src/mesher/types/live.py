"""
What happened lately, for those who watch: which events, issues and alerts, and not what is in them.

Rows are removed after some minutes.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Identity,
    Index,
    Sequence,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from mesher.types.declaration import metadata

# By which rows are numbered once they are committed.
live_numbers = Sequence("live_numbers", metadata=metadata)

live_log = Table(
    "live_log",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    # In the order in which readers may read them; NULL: it has been committed since.
    Column("number", BigInteger),
    Column("project_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),  # event, issue or alert
    Column("ids", ARRAY(Uuid), nullable=False),
    # Of events: within which time they were received.
    Column("received_from", TIMESTAMP(timezone=True)),
    Column("received_until", TIMESTAMP(timezone=True)),
    Column("at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Index("idx_live_log_number", "project_id", "number"),
    Index("idx_live_log_unnumbered", "id", postgresql_where=text("number IS NULL")),
    Index("idx_live_log_at", "at"),
)
