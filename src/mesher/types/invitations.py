"""Invitations that nobody has accepted yet; an accepted one is deleted, and is in the audit log."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from mesher.types.declaration import metadata

invitations = Table(
    "invitations",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("org_id", Uuid, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False),
    Column("role", Text, nullable=False),  # that whoever accepts will have
    Column("email", Text),  # who alone may accept, in lower case; none: whoever has the link
    Column("token_hash", Text, nullable=False, unique=True),  # sha256 of what the link holds
    Column("invited_by", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
    Index("idx_invitations_org", "org_id", "created_at", "id"),
    Index("idx_invitations_inviter", "invited_by"),
)
