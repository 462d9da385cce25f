"""Add which issue each fingerprint belongs to, what people merged and split, and what is alike."""

from __future__ import annotations

from alembic import op

revision = "20261125100000_add_issue_fingerprints"
down_revision = "20261124120000_complete_ingestion"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    CREATE TABLE issue_fingerprints (
        project_id UUID NOT NULL,
        fingerprint TEXT NOT NULL,
        issue_id UUID NOT NULL REFERENCES issues ON DELETE CASCADE,
        has_routes BOOLEAN NOT NULL DEFAULT false,
        PRIMARY KEY (project_id, fingerprint)
    );
    CREATE INDEX idx_issue_fingerprints_issue ON issue_fingerprints (issue_id);
    -- Events that are stored by the release before meanwhile bind nothing; the first event of the
    -- next release that has their fingerprint finds their issue by its own.
    INSERT INTO issue_fingerprints (project_id, fingerprint, issue_id)
        SELECT project_id, fingerprint, id FROM issues;

    CREATE TABLE issue_routes (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        project_id UUID NOT NULL,
        fingerprint TEXT NOT NULL,
        condition JSONB NOT NULL,
        issue_id UUID NOT NULL REFERENCES issues ON DELETE CASCADE,
        created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        FOREIGN KEY (project_id, fingerprint) REFERENCES issue_fingerprints ON DELETE CASCADE
    );
    CREATE INDEX idx_issue_routes_fingerprint ON issue_routes (project_id, fingerprint);
    CREATE INDEX idx_issue_routes_issue ON issue_routes (issue_id);

    CREATE TABLE issue_changes (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        project_id UUID NOT NULL REFERENCES projects ON DELETE CASCADE,
        kind TEXT NOT NULL,
        issue_id UUID NOT NULL,
        other_id UUID NOT NULL,
        state TEXT NOT NULL,
        moved_events BIGINT NOT NULL DEFAULT 0,
        details JSONB NOT NULL,
        made_by UUID REFERENCES users ON DELETE SET NULL,
        made_by_name TEXT NOT NULL,
        made_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        undone_by_name TEXT,
        undone_at TIMESTAMPTZ
    );
    CREATE INDEX idx_issue_changes_issue ON issue_changes (issue_id);
    CREATE INDEX idx_issue_changes_other ON issue_changes (other_id);
    CREATE INDEX idx_issue_changes_project ON issue_changes (project_id);
    CREATE INDEX idx_issue_changes_moving ON issue_changes (made_at)
        WHERE state = ANY (ARRAY['moving'::text, 'undoing'::text]);

    CREATE TABLE issue_signatures (
        issue_id UUID PRIMARY KEY REFERENCES issues ON DELETE CASCADE,
        bands BIGINT[] NOT NULL
    );
    -- New issues are few, and a search reads the whole list of what fastupdate has put off.
    CREATE INDEX idx_issue_signatures_bands ON issue_signatures USING GIN (bands)
        WITH (fastupdate = off);
"""

DOWN = """
    DROP TABLE issue_signatures;
    DROP TABLE issue_changes;
    DROP TABLE issue_routes;
    DROP TABLE issue_fingerprints;
"""


def upgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
