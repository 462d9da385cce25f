"""Add passkeys, and the challenges that were answered by one."""

from __future__ import annotations

from alembic import op

revision = "20261127010000_add_passkeys"
down_revision = "20261126115000_add_password_resets"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    CREATE TABLE passkeys (
        passkey_id UUID PRIMARY KEY,
        user_id UUID NOT NULL REFERENCES users ON DELETE CASCADE,
        credential_id BYTEA NOT NULL UNIQUE,
        public_key BYTEA NOT NULL,
        sign_count BIGINT NOT NULL,
        label TEXT NOT NULL,
        created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        last_used_at TIMESTAMPTZ
    );
    CREATE INDEX idx_passkeys_user ON passkeys (user_id);
    CREATE TABLE answered_challenges (
        challenge_hash BYTEA PRIMARY KEY,
        expires_at TIMESTAMPTZ NOT NULL
    );
"""

DOWN = """
    DROP TABLE answered_challenges;
    DROP TABLE passkeys;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    """Drop them."""
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
