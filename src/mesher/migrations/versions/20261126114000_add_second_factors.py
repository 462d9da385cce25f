"""Add what people prove who they are with beside their password."""

from __future__ import annotations

from alembic import op

revision = "20261126114000_add_second_factors"
down_revision = "20261126113000_add_issue_orders"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    CREATE TABLE second_factors (
        user_id UUID PRIMARY KEY REFERENCES users ON DELETE CASCADE,
        secret BYTEA NOT NULL,
        created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        confirmed_at TIMESTAMPTZ,
        last_step BIGINT
    );
    CREATE TABLE recovery_codes (
        user_id UUID NOT NULL REFERENCES users ON DELETE CASCADE,
        code_hash TEXT NOT NULL,
        PRIMARY KEY (user_id, code_hash)
    );
"""

DOWN = """
    DROP TABLE recovery_codes;
    DROP TABLE second_factors;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    """Drop them."""
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
