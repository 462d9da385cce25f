"""Add the record of who found, exported, erased or scrubbed what was stored of people."""

from __future__ import annotations

from alembic import op

revision = "20261125110000_add_scrubbing"
down_revision = "20261125100500_add_grouping_rules"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    CREATE TABLE privacy_actions (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        project_id UUID NOT NULL,
        action TEXT NOT NULL,
        actor TEXT NOT NULL,
        subject_kind TEXT,
        subject_hash TEXT,
        events BIGINT NOT NULL DEFAULT 0,
        feedback BIGINT NOT NULL DEFAULT 0,
        attachments BIGINT NOT NULL DEFAULT 0,
        issues BIGINT NOT NULL DEFAULT 0,
        began_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        finished_at TIMESTAMPTZ
    );
    CREATE INDEX idx_privacy_actions_project ON privacy_actions (project_id, began_at DESC);
"""

DOWN = "DROP TABLE privacy_actions"


def upgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
