"""Add searches of issues that people keep, for themselves or for everybody in the project."""

from __future__ import annotations

from alembic import op

revision = "20261127030000_add_saved_searches"
down_revision = "20261127020000_add_alerting"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    CREATE TABLE saved_searches (
        search_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        project_id UUID NOT NULL REFERENCES projects ON DELETE CASCADE,
        made_by UUID NOT NULL REFERENCES users ON DELETE CASCADE,
        name TEXT NOT NULL,
        filters JSONB NOT NULL,
        shared BOOLEAN NOT NULL DEFAULT false,
        created_at TIMESTAMPTZ NOT NULL DEFAULT now()
    );
    CREATE INDEX idx_saved_searches_project ON saved_searches (project_id, created_at);
    CREATE INDEX idx_saved_searches_person ON saved_searches (made_by);
"""

DOWN = "DROP TABLE saved_searches;"


def upgrade() -> None:
    """Make the table."""
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    """Drop it."""
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
