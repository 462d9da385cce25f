"""Add what alerting works with: what happened, what rules found in it, and whom it is told."""

from __future__ import annotations

from alembic import op

revision = "20261127020000_add_alerting"
down_revision = "20261127010000_add_passkeys"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    CREATE TABLE alert_signals (
        signal_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        project_id UUID NOT NULL,
        issue_id UUID NOT NULL,
        kind TEXT NOT NULL,
        at TIMESTAMPTZ NOT NULL
    );
    CREATE TABLE alert_matches (
        rule_id UUID NOT NULL REFERENCES alert_rules ON DELETE CASCADE,
        issue_id UUID,
        title TEXT,
        at TIMESTAMPTZ NOT NULL,
        figures JSONB NOT NULL DEFAULT '{}',
        UNIQUE NULLS NOT DISTINCT (rule_id, issue_id)
    );
    CREATE TABLE alert_deliveries (
        delivery_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        alert_id UUID NOT NULL REFERENCES alerts ON DELETE CASCADE,
        rule_id UUID NOT NULL REFERENCES alert_rules ON DELETE CASCADE,
        action_id TEXT NOT NULL,
        status TEXT NOT NULL DEFAULT 'waiting',
        due_at TIMESTAMPTZ NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        tried_at TIMESTAMPTZ,
        answer TEXT NOT NULL DEFAULT '',
        message_id UUID,
        created_at TIMESTAMPTZ NOT NULL DEFAULT now()
    );
    CREATE INDEX idx_alert_deliveries_due ON alert_deliveries (due_at) WHERE status = 'waiting';
    CREATE INDEX idx_alert_deliveries_alert ON alert_deliveries (alert_id);
    CREATE INDEX idx_alert_deliveries_rule ON alert_deliveries (rule_id, action_id);
    CREATE INDEX idx_alerts_open ON alerts (rule_id) WHERE status <> 'resolved';
"""

DOWN = """
    DROP INDEX idx_alerts_open;
    DROP TABLE alert_deliveries;
    DROP TABLE alert_matches;
    DROP TABLE alert_signals;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    """Drop them."""
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
