"""Add releases with their commits and deploys, and what uploads are put together from."""

from __future__ import annotations

from alembic import op

revision = "20261125130000_add_releases"
down_revision = "20261125120000_add_artifacts"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    CREATE TABLE releases (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        org_id UUID NOT NULL REFERENCES organizations ON DELETE CASCADE,
        version TEXT NOT NULL,
        status TEXT NOT NULL DEFAULT 'open',
        url TEXT,
        ref TEXT,
        refs JSONB NOT NULL DEFAULT '[]',
        created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        started_at TIMESTAMPTZ,
        released_at TIMESTAMPTZ,
        UNIQUE (org_id, version)
    );
    CREATE INDEX idx_releases_org_created ON releases (org_id, created_at, id);

    CREATE TABLE release_projects (
        release_id UUID NOT NULL REFERENCES releases ON DELETE CASCADE,
        project_id UUID NOT NULL REFERENCES projects ON DELETE CASCADE,
        PRIMARY KEY (release_id, project_id)
    );
    CREATE INDEX idx_release_projects_project ON release_projects (project_id);

    CREATE TABLE release_commits (
        release_id UUID NOT NULL REFERENCES releases ON DELETE CASCADE,
        position INTEGER NOT NULL,
        commit_id TEXT NOT NULL,
        repository TEXT,
        message TEXT,
        author_name TEXT,
        author_email TEXT,
        committed_at TIMESTAMPTZ,
        files JSONB NOT NULL DEFAULT '[]',
        PRIMARY KEY (release_id, position)
    );

    CREATE TABLE deploys (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        release_id UUID NOT NULL REFERENCES releases ON DELETE CASCADE,
        environment TEXT NOT NULL,
        name TEXT,
        url TEXT,
        started_at TIMESTAMPTZ,
        finished_at TIMESTAMPTZ NOT NULL DEFAULT now()
    );
    CREATE INDEX idx_deploys_release ON deploys (release_id, finished_at);

    CREATE TABLE upload_chunks (
        org_id UUID NOT NULL REFERENCES organizations ON DELETE CASCADE,
        sha1 TEXT NOT NULL,
        size_bytes BIGINT NOT NULL,
        data BYTEA NOT NULL,
        expires_at TIMESTAMPTZ NOT NULL,
        PRIMARY KEY (org_id, sha1)
    );
    -- Parts of archives: compressed already, and read once.
    ALTER TABLE upload_chunks ALTER COLUMN data SET STORAGE EXTERNAL;
    CREATE INDEX idx_upload_chunks_expires ON upload_chunks (expires_at);

    CREATE TABLE assemblies (
        org_id UUID NOT NULL REFERENCES organizations ON DELETE CASCADE,
        key TEXT NOT NULL,
        kind TEXT NOT NULL,
        checksum TEXT NOT NULL,
        chunks TEXT[] NOT NULL,
        target JSONB NOT NULL,
        state TEXT NOT NULL,
        detail TEXT,
        updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        PRIMARY KEY (org_id, key)
    );
    CREATE INDEX idx_assemblies_updated ON assemblies (updated_at);
"""

DOWN = """
    DROP TABLE assemblies;
    DROP TABLE upload_chunks;
    DROP TABLE deploys;
    DROP TABLE release_commits;
    DROP TABLE release_projects;
    DROP TABLE releases;
"""


def upgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
