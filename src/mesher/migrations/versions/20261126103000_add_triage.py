"""Add what people decide about issues beyond their status, what was done with them, and undoing it."""

from __future__ import annotations

from alembic import op

revision = "20261126103000_add_triage"
down_revision = "20261126101000_add_invitations"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    -- Issues that are there have been seen by somebody; those to come are new. Set apart, so that no
    -- row is written anew.
    ALTER TABLE issues
        ADD COLUMN substatus TEXT DEFAULT 'ongoing',
        ADD COLUMN resolution JSONB,
        ADD COLUMN archive JSONB;
    ALTER TABLE issues ALTER COLUMN substatus SET DEFAULT 'new';
    UPDATE issues SET substatus = NULL WHERE status <> 'unresolved';
    CREATE INDEX idx_issues_archived_until ON issues (id)
        WHERE (archive ->> 'until') IS NOT NULL;
    CREATE INDEX idx_issues_next_release ON issues (project_id)
        WHERE (resolution ->> 'after_release') IS NOT NULL
            AND (resolution ->> 'in_release') IS NULL;

    CREATE TABLE issue_activity (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        project_id UUID NOT NULL,
        issue_id UUID NOT NULL REFERENCES issues ON DELETE CASCADE,
        about_issue UUID NOT NULL,
        kind TEXT NOT NULL,
        at TIMESTAMPTZ NOT NULL DEFAULT now(),
        actor_id UUID REFERENCES users ON DELETE SET NULL,
        actor_name TEXT,
        details JSONB NOT NULL DEFAULT '{}',
        comment TEXT,
        edited_at TIMESTAMPTZ
    );
    CREATE INDEX idx_issue_activity_issue ON issue_activity (issue_id, id);
    CREATE INDEX idx_issue_activity_project ON issue_activity (project_id, kind, at);
    CREATE INDEX idx_issue_activity_actor ON issue_activity (actor_id) WHERE actor_id IS NOT NULL;

    CREATE TABLE issue_actions (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        org_id UUID NOT NULL REFERENCES organizations ON DELETE CASCADE,
        project_id UUID REFERENCES projects ON DELETE CASCADE,
        made_by UUID REFERENCES users ON DELETE CASCADE,
        made_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        undone_at TIMESTAMPTZ,
        issues JSONB NOT NULL
    );
    CREATE INDEX idx_issue_actions_org ON issue_actions (org_id);
    CREATE INDEX idx_issue_actions_project ON issue_actions (project_id);
    CREATE INDEX idx_issue_actions_person ON issue_actions (made_by);
"""

DOWN = """
    DROP TABLE issue_actions;
    DROP TABLE issue_activity;
    DROP INDEX idx_issues_next_release;
    DROP INDEX idx_issues_archived_until;
    ALTER TABLE issues DROP COLUMN archive, DROP COLUMN resolution, DROP COLUMN substatus;
"""


def upgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
