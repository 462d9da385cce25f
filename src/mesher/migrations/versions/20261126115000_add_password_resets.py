"""Add links by which people choose another password."""

from __future__ import annotations

from alembic import op

revision = "20261126115000_add_password_resets"
down_revision = "20261126114000_add_second_factors"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    CREATE TABLE password_resets (
        token_hash TEXT PRIMARY KEY,
        user_id UUID NOT NULL REFERENCES users ON DELETE CASCADE,
        expires_at TIMESTAMPTZ NOT NULL
    );
    CREATE INDEX idx_password_resets_user ON password_resets (user_id);
"""

DOWN = "DROP TABLE password_resets"


def upgrade() -> None:
    """Make the table."""
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    """Drop it."""
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
