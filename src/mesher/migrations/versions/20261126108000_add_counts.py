"""Add how many events came, by hour: of each issue, and of each project and level."""

from __future__ import annotations

from alembic import op

revision = "20261126108000_add_counts"
down_revision = "20261126107000_add_identities"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

# What is stored already is counted here, by one reading of the events; no digester runs meanwhile.
UP = """
    CREATE TABLE issue_counts (
        issue_id UUID NOT NULL,
        hour TIMESTAMPTZ NOT NULL,
        project_id UUID NOT NULL,
        events BIGINT NOT NULL,
        PRIMARY KEY (issue_id, hour)
    );
    INSERT INTO issue_counts (issue_id, hour, project_id, events)
    SELECT issue_id, date_trunc('hour', received_at, 'UTC'), project_id, count(*)
    FROM events GROUP BY 1, 2, 3;
    CREATE INDEX idx_issue_counts_project ON issue_counts (project_id, hour);

    CREATE TABLE project_counts (
        project_id UUID NOT NULL,
        hour TIMESTAMPTZ NOT NULL,
        level TEXT NOT NULL,
        events BIGINT NOT NULL,
        PRIMARY KEY (project_id, hour, level)
    );
    INSERT INTO project_counts (project_id, hour, level, events)
    SELECT project_id, date_trunc('hour', received_at, 'UTC'), level, count(*)
    FROM events GROUP BY 1, 2, 3;
"""

DOWN = """
    DROP TABLE project_counts;
    DROP TABLE issue_counts;
"""


def upgrade() -> None:
    """Make the tables and fill them."""
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    """Drop both."""
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
