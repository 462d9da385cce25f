"""Add the record of who changed what."""

from __future__ import annotations

from alembic import op

revision = "20261126090000_add_audit_log"
down_revision = "20261125130000_add_releases"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    CREATE TABLE audit_log (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        org_id UUID REFERENCES organizations ON DELETE CASCADE,
        at TIMESTAMPTZ NOT NULL DEFAULT now(),
        actor_id UUID,
        actor_name TEXT NOT NULL,
        action TEXT NOT NULL,
        target_kind TEXT NOT NULL,
        target_id TEXT NOT NULL,
        target_name TEXT NOT NULL,
        details JSONB NOT NULL DEFAULT '{}'
    );
    CREATE INDEX idx_audit_log_org ON audit_log (org_id, id DESC);
    CREATE INDEX idx_audit_log_actor ON audit_log (actor_id, id DESC);
"""

DOWN = "DROP TABLE audit_log"


def upgrade() -> None:
    """Make the table."""
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    """Drop it."""
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
