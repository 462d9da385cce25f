"""Add the indexes by which lists of issues are read in the orders that they can have."""

from __future__ import annotations

from alembic import op

revision = "20261126113000_add_issue_orders"
down_revision = "20261126112000_add_idempotency_keys"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

# Twenty thousand issues take half a second; no digester runs meanwhile.
UP = """
    CREATE INDEX idx_issues_project_first_seen ON issues (project_id, first_seen DESC, id DESC);
    CREATE INDEX idx_issues_project_events ON issues (project_id, event_count DESC, id DESC);
"""

DOWN = """
    DROP INDEX idx_issues_project_events;
    DROP INDEX idx_issues_project_first_seen;
"""


def upgrade() -> None:
    """Make the indexes."""
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    """Drop both."""
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
