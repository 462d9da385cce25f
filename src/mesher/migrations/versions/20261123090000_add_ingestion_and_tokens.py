"""Add what ingestion keeps its books in, project numbers, and API tokens."""

from __future__ import annotations

from alembic import op

revision = "20261123090000_add_ingestion_and_tokens"
down_revision = "20260216120000_create_initial_schema"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    ALTER TABLE projects
        ADD COLUMN number BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE;

    ALTER TABLE events ADD COLUMN payload BYTEA;
    -- It is compressed by us: trying again would cost time and gain nothing.
    ALTER TABLE events ALTER COLUMN payload SET STORAGE EXTERNAL;

    ALTER TABLE issues
        ADD COLUMN culprit TEXT NOT NULL DEFAULT '',
        ADD COLUMN platform TEXT NOT NULL DEFAULT 'other',
        ADD COLUMN grouping JSONB,
        ADD COLUMN status_changed_at TIMESTAMPTZ;

    CREATE TABLE api_tokens (
        id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id UUID NOT NULL REFERENCES users ON DELETE CASCADE,
        org_id UUID NOT NULL REFERENCES organizations ON DELETE CASCADE,
        project_id UUID REFERENCES projects ON DELETE CASCADE,
        name TEXT NOT NULL,
        token_hash TEXT NOT NULL UNIQUE,
        scope TEXT NOT NULL DEFAULT 'read',
        created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        last_used_at TIMESTAMPTZ,
        revoked_at TIMESTAMPTZ
    );
    CREATE INDEX idx_api_tokens_user ON api_tokens (user_id);

    CREATE TABLE journal_positions (
        shard UUID PRIMARY KEY,
        position BIGINT NOT NULL,
        updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
    );

    CREATE TABLE event_ids (
        project_id UUID NOT NULL,
        event_id UUID NOT NULL,
        received_at TIMESTAMPTZ NOT NULL,
        PRIMARY KEY (project_id, event_id)
    );
    CREATE INDEX idx_event_ids_received ON event_ids USING BRIN (received_at);

    CREATE TABLE outcomes (
        project_id UUID NOT NULL,
        hour TIMESTAMPTZ NOT NULL,
        category TEXT NOT NULL,
        outcome TEXT NOT NULL,
        reason TEXT NOT NULL DEFAULT '',
        quantity BIGINT NOT NULL,
        PRIMARY KEY (project_id, hour, category, outcome, reason)
    );

    CREATE TABLE quarantine (
        id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
        shard UUID NOT NULL,
        position BIGINT NOT NULL,
        project_id UUID,
        received_at TIMESTAMPTZ NOT NULL,
        reason TEXT NOT NULL,
        record BYTEA NOT NULL,
        created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
        UNIQUE (shard, position)
    );
"""

DOWN = """
    DROP TABLE quarantine;
    DROP TABLE outcomes;
    DROP TABLE event_ids;
    DROP TABLE journal_positions;
    DROP TABLE api_tokens;
    ALTER TABLE issues
        DROP COLUMN status_changed_at,
        DROP COLUMN grouping,
        DROP COLUMN platform,
        DROP COLUMN culprit;
    ALTER TABLE events DROP COLUMN payload;
    ALTER TABLE projects DROP COLUMN number;
"""


def upgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
