"""Problems of monitors make events, and deliveries know the server that they go to."""

from __future__ import annotations

from alembic import op

revision = "20261127040000_finish_alerting"
down_revision = "20261127030000_add_saved_searches"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    ALTER TABLE alert_deliveries ADD COLUMN receiver TEXT NOT NULL DEFAULT '';
    UPDATE alert_deliveries SET receiver = action_id WHERE status = 'waiting';
    CREATE TABLE monitor_problems (
        project_id UUID NOT NULL,
        slug TEXT NOT NULL,
        environment TEXT NOT NULL,
        kind TEXT NOT NULL,
        started_at TIMESTAMPTZ NOT NULL,
        event_id UUID NOT NULL,
        noted_at TIMESTAMPTZ NOT NULL,
        PRIMARY KEY (project_id, slug, environment, kind, started_at)
    );
    CREATE INDEX idx_monitor_problems_noted ON monitor_problems (project_id, noted_at);
"""

DOWN = """
    DROP TABLE monitor_problems;
    ALTER TABLE alert_deliveries DROP COLUMN receiver;
"""


def upgrade() -> None:
    """Make the table and the column."""
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    """Drop them."""
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
