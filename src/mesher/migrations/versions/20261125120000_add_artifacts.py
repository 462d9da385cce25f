"""Add what releases upload to make stack traces readable: source maps and debug files."""

from __future__ import annotations

from alembic import op

revision = "20261125120000_add_artifacts"
down_revision = "20261125110000_add_scrubbing"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    CREATE TABLE artifact_files (
        org_id UUID NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
        sha1 BYTEA NOT NULL,
        size_bytes BIGINT NOT NULL,
        stored_bytes BIGINT NOT NULL,
        data BYTEA NOT NULL,
        uploaded_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        last_used_on DATE NOT NULL DEFAULT CURRENT_DATE,
        PRIMARY KEY (org_id, sha1)
    );
    -- Compressed by us.
    ALTER TABLE artifact_files ALTER COLUMN data SET STORAGE EXTERNAL;
    CREATE INDEX idx_artifact_files_use ON artifact_files (org_id, last_used_on);

    CREATE TABLE artifacts (
        id UUID PRIMARY KEY,
        org_id UUID NOT NULL,
        project_id UUID NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
        debug_id UUID,
        type TEXT NOT NULL,
        url TEXT NOT NULL,
        headers JSONB NOT NULL DEFAULT '{}',
        release TEXT NOT NULL DEFAULT '',
        dist TEXT NOT NULL DEFAULT '',
        sha1 BYTEA NOT NULL,
        uploaded_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        FOREIGN KEY (org_id, sha1) REFERENCES artifact_files (org_id, sha1) ON DELETE CASCADE
    );
    CREATE INDEX idx_artifacts_debug_id ON artifacts (project_id, debug_id, type)
        WHERE debug_id IS NOT NULL;
    CREATE INDEX idx_artifacts_url ON artifacts (project_id, release, url);
    CREATE INDEX idx_artifacts_file ON artifacts (org_id, sha1);

    CREATE TABLE debug_files (
        id UUID PRIMARY KEY,
        org_id UUID NOT NULL,
        project_id UUID NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
        debug_id TEXT NOT NULL DEFAULT '',
        code_id TEXT NOT NULL DEFAULT '',
        name TEXT NOT NULL,
        format TEXT NOT NULL,
        kind TEXT NOT NULL DEFAULT '',
        arch TEXT NOT NULL DEFAULT '',
        features TEXT[] NOT NULL DEFAULT '{}',
        sha1 BYTEA NOT NULL,
        size_bytes BIGINT NOT NULL,
        uploaded_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        FOREIGN KEY (org_id, sha1) REFERENCES artifact_files (org_id, sha1) ON DELETE CASCADE
    );
    CREATE INDEX idx_debug_files_debug_id ON debug_files (project_id, debug_id);
    CREATE INDEX idx_debug_files_file ON debug_files (org_id, sha1);

    CREATE TABLE awaited_artifacts (
        project_id UUID NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        first_at TIMESTAMPTZ NOT NULL,
        last_at TIMESTAMPTZ NOT NULL,
        arrived_at TIMESTAMPTZ,
        PRIMARY KEY (project_id, kind, name)
    );
    CREATE INDEX idx_awaited_artifacts_last ON awaited_artifacts (last_at);
"""

DOWN = """
    DROP TABLE awaited_artifacts;
    DROP TABLE debug_files;
    DROP TABLE artifacts;
    DROP TABLE artifact_files;
"""


def upgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
