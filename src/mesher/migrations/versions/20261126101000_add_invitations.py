"""Add invitations, the end of tokens, and what is being removed."""

from __future__ import annotations

from alembic import op

revision = "20261126101000_add_invitations"
down_revision = "20261126090000_add_audit_log"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    CREATE TABLE invitations (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        org_id UUID NOT NULL REFERENCES organizations ON DELETE CASCADE,
        role TEXT NOT NULL,
        email TEXT,
        token_hash TEXT NOT NULL UNIQUE,
        invited_by UUID NOT NULL REFERENCES users ON DELETE CASCADE,
        created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        expires_at TIMESTAMPTZ NOT NULL
    );
    CREATE INDEX idx_invitations_org ON invitations (org_id, created_at, id);
    CREATE INDEX idx_invitations_inviter ON invitations (invited_by);

    CREATE TABLE removals (
        subject_id UUID PRIMARY KEY,
        kind TEXT NOT NULL,
        org_id UUID NOT NULL,
        requested_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        swept_at TIMESTAMPTZ
    );

    ALTER TABLE api_tokens ADD COLUMN expires_at TIMESTAMPTZ;
    CREATE INDEX idx_api_tokens_org ON api_tokens (org_id, created_at, id);
"""

DOWN = """
    DROP INDEX idx_api_tokens_org;
    ALTER TABLE api_tokens DROP COLUMN expires_at;
    DROP TABLE removals;
    DROP TABLE invitations;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    """Drop them."""
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
