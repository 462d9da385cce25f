"""Add what an alert is about, who dealt with it, and until when a rule is muted."""

from __future__ import annotations

from alembic import op

revision = "20261126109500_add_alert_details"
down_revision = "20261126108000_add_counts"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    ALTER TABLE alert_rules ADD COLUMN muted_until TIMESTAMPTZ;
    CREATE INDEX idx_alert_rules_order ON alert_rules (project_id, created_at, id);

    ALTER TABLE alerts
        ADD COLUMN issue_id UUID,
        ADD COLUMN acknowledged_by UUID REFERENCES users ON DELETE SET NULL,
        ADD COLUMN resolved_by UUID REFERENCES users ON DELETE SET NULL;
    CREATE INDEX idx_alerts_project_triggered ON alerts (project_id, triggered_at DESC, id);
"""

DOWN = """
    DROP INDEX idx_alerts_project_triggered;
    ALTER TABLE alerts
        DROP COLUMN issue_id, DROP COLUMN acknowledged_by, DROP COLUMN resolved_by;
    DROP INDEX idx_alert_rules_order;
    ALTER TABLE alert_rules DROP COLUMN muted_until;
"""


def upgrade() -> None:
    """Add the columns and indexes."""
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    """Drop them."""
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
