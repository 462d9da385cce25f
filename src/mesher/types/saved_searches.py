"""Searches of issues that people keep, for themselves or for everybody in the project."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from mesher.types.declaration import metadata

saved_searches = Table(
    "saved_searches",
    metadata,
    Column("search_id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("made_by", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column(
        "filters", JSONB, nullable=False
    ),  # by the names of the list's address; usual ones absent
    Column("shared", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Index("idx_saved_searches_project", "project_id", "created_at"),
    Index("idx_saved_searches_person", "made_by"),
)
