"""Add what SDKs send beside events (files, feedback, sessions, check-ins), and ingest settings."""

from __future__ import annotations

from alembic import op

revision = "20261124120000_complete_ingestion"
down_revision = "20261123100000_add_job_queue"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    ALTER TABLE projects ADD COLUMN ingest_settings JSONB NOT NULL DEFAULT '{}';

    CREATE TABLE attachments (
        id UUID PRIMARY KEY,
        project_id UUID NOT NULL,
        event_id UUID NOT NULL,
        name TEXT NOT NULL,
        content_type TEXT NOT NULL,
        attachment_type TEXT NOT NULL,
        size_bytes BIGINT NOT NULL,
        data BYTEA NOT NULL,
        received_at TIMESTAMPTZ NOT NULL
    );
    -- Dumps, pictures and logs: most are compressed already, and none is searched.
    ALTER TABLE attachments ALTER COLUMN data SET STORAGE EXTERNAL;
    CREATE INDEX idx_attachments_event ON attachments (project_id, event_id);
    CREATE INDEX idx_attachments_received ON attachments (project_id, received_at);

    CREATE TABLE user_feedback (
        id UUID PRIMARY KEY,
        project_id UUID NOT NULL,
        event_id UUID NOT NULL,
        name TEXT NOT NULL DEFAULT '',
        email TEXT NOT NULL DEFAULT '',
        comments TEXT NOT NULL,
        url TEXT NOT NULL DEFAULT '',
        received_at TIMESTAMPTZ NOT NULL
    );
    CREATE INDEX idx_user_feedback_event ON user_feedback (project_id, event_id);
    CREATE INDEX idx_user_feedback_received ON user_feedback (project_id, received_at);

    CREATE TABLE session_counts (
        project_id UUID NOT NULL,
        hour TIMESTAMPTZ NOT NULL,
        release TEXT NOT NULL,
        environment TEXT NOT NULL,
        exited BIGINT NOT NULL DEFAULT 0,
        errored BIGINT NOT NULL DEFAULT 0,
        abnormal BIGINT NOT NULL DEFAULT 0,
        unhandled BIGINT NOT NULL DEFAULT 0,
        crashed BIGINT NOT NULL DEFAULT 0,
        PRIMARY KEY (project_id, hour, release, environment)
    );

    CREATE TABLE monitors (
        project_id UUID NOT NULL,
        slug TEXT NOT NULL,
        config JSONB,
        created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        PRIMARY KEY (project_id, slug)
    );

    CREATE TABLE check_ins (
        project_id UUID NOT NULL,
        check_in_id UUID NOT NULL,
        slug TEXT NOT NULL,
        environment TEXT NOT NULL,
        status TEXT NOT NULL,
        duration_seconds REAL,
        release TEXT NOT NULL DEFAULT '',
        started_at TIMESTAMPTZ NOT NULL,
        received_at TIMESTAMPTZ NOT NULL,
        PRIMARY KEY (project_id, check_in_id)
    );
    CREATE INDEX idx_check_ins_monitor ON check_ins (project_id, slug, environment, started_at);
    CREATE INDEX idx_check_ins_received ON check_ins (project_id, received_at);
"""

DOWN = """
    DROP TABLE check_ins;
    DROP TABLE monitors;
    DROP TABLE session_counts;
    DROP TABLE user_feedback;
    DROP TABLE attachments;
    ALTER TABLE projects DROP COLUMN ingest_settings;
"""


def upgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
