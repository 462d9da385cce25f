"""The record of what was done with what is stored of people; like those of ``ingestion``, no schema type."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from mesher.types.declaration import metadata

# No foreign key: the record outlives its project.
privacy_actions = Table(
    "privacy_actions",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("project_id", Uuid, nullable=False),
    Column("action", Text, nullable=False),  # find, export, erase, scrub
    Column("actor", Text, nullable=False),  # the name of a token, or of an account of the system
    Column("subject_kind", Text),  # id, email, address; NULL: nobody in particular
    Column("subject_hash", Text),  # argon2id of whom it was about: can be verified, not read
    Column("events", BigInteger, nullable=False, server_default=text("0")),
    Column("feedback", BigInteger, nullable=False, server_default=text("0")),
    Column("attachments", BigInteger, nullable=False, server_default=text("0")),
    Column("issues", BigInteger, nullable=False, server_default=text("0")),
    Column("began_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Column("finished_at", TIMESTAMP(timezone=True)),  # NULL: it runs, or was ended half-way
    Index("idx_privacy_actions_project", "project_id", text("began_at DESC")),
)
