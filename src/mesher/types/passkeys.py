"""What people log in by without a password, and the challenges that were answered by it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from mesher.types.declaration import metadata

passkeys = Table(
    "passkeys",
    metadata,
    Column("passkey_id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),  # as the passkey told it last
    Column("label", Text, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Column("last_used_at", TIMESTAMP(timezone=True)),
    Index("idx_passkeys_user", "user_id"),
)

answered_challenges = Table(
    "answered_challenges",
    metadata,
    Column("challenge_hash", LargeBinary, primary_key=True),
    Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
)
