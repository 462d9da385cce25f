"""Links by which people who have forgotten their password choose another; for an hour."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

from mesher.types.declaration import metadata

password_resets = Table(
    "password_resets",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
    Index("idx_password_resets_user", "user_id"),
)
