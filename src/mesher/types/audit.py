"""The record of who changed what; rows are added, and go with their organisation alone."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from mesher.types.declaration import metadata

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    # None: it concerns a person's account, and no organisation.
    Column("org_id", Uuid, ForeignKey("organizations.id", ondelete="CASCADE")),
    Column("at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    # Who did it: no foreign key, since the record outlives the account. None: the command line.
    Column("actor_id", Uuid),
    Column("actor_name", Text, nullable=False),
    Column("action", Text, nullable=False),  # as in member.role_changed
    Column("target_kind", Text, nullable=False),
    Column("target_id", Text, nullable=False),
    Column("target_name", Text, nullable=False),  # as it was called then
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    Index("idx_audit_log_org", "org_id", text("id DESC")),
    Index("idx_audit_log_actor", "actor_id", text("id DESC")),
)
