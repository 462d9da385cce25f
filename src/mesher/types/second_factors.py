"""What people prove who they are with beside their password."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from mesher.types.declaration import metadata

second_factors = Table(
    "second_factors",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("secret", LargeBinary, nullable=False),  # sealed
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Column("confirmed_at", TIMESTAMP(timezone=True)),  # NULL: it is not asked for yet
    Column("last_step", BigInteger),  # of the clock, whose code was used last
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("code_hash", Text, primary_key=True),
)
