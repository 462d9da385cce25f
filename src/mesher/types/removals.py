"""
Projects and organisations that people have deleted, and whose data is still to be removed.

A row stays for some days after that: what clients had sent before may arrive late.
"""

from __future__ import annotations

from sqlalchemy import Column, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from mesher.types.declaration import metadata

removals = Table(
    "removals",
    metadata,
    # Not called project_id: the job empties every table that has such a column.
    Column("subject_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),  # project or organization
    Column("org_id", Uuid, nullable=False),
    Column("requested_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Column("swept_at", TIMESTAMP(timezone=True)),  # when nothing was left of it last
)
