"""Add identities at an OpenID provider, and which memberships came by its groups."""

from __future__ import annotations

from alembic import op

revision = "20261126107000_add_identities"
down_revision = "20261126103000_add_triage"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    CREATE TABLE user_identities (
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        user_id UUID NOT NULL REFERENCES users ON DELETE CASCADE,
        created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        last_login_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        PRIMARY KEY (issuer, subject)
    );
    CREATE INDEX idx_user_identities_user ON user_identities (user_id);
    ALTER TABLE org_memberships ADD COLUMN by_identity BOOLEAN NOT NULL DEFAULT false;
"""

DOWN = """
    ALTER TABLE org_memberships DROP COLUMN by_identity;
    DROP TABLE user_identities;
"""


def upgrade() -> None:
    """Make the table and the column."""
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    """Drop both."""
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
