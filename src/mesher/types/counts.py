"""The tables of how many events came, by hour; no schema types, since nobody is shown a row."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

from mesher.types.declaration import metadata

# No foreign keys: writing events takes no lock on another table.
issue_counts = Table(
    "issue_counts",
    metadata,
    Column("issue_id", Uuid, primary_key=True),
    Column("hour", TIMESTAMP(timezone=True), primary_key=True),
    Column("project_id", Uuid, nullable=False),
    Column("events", BigInteger, nullable=False),
    Index("idx_issue_counts_project", "project_id", "hour"),
)

project_counts = Table(
    "project_counts",
    metadata,
    Column("project_id", Uuid, primary_key=True),
    Column("hour", TIMESTAMP(timezone=True), primary_key=True),
    Column("level", Text, primary_key=True),
    Column("events", BigInteger, nullable=False),
)
