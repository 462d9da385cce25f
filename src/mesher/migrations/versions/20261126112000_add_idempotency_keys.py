"""Add the keys of requests that must not be done twice."""

from __future__ import annotations

from alembic import op

revision = "20261126112000_add_idempotency_keys"
down_revision = "20261126111000_add_live_log"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    CREATE TABLE idempotency_keys (
        caller BYTEA NOT NULL,
        key TEXT NOT NULL,
        request BYTEA NOT NULL,
        status SMALLINT,
        answer BYTEA,
        at TIMESTAMPTZ NOT NULL DEFAULT now(),
        PRIMARY KEY (caller, key)
    );
    CREATE INDEX idx_idempotency_keys_at ON idempotency_keys (at);
"""

DOWN = "DROP TABLE idempotency_keys"


def upgrade() -> None:
    """Make the table."""
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    """Drop it."""
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
