"""Add the log of what happened lately."""

from __future__ import annotations

from alembic import op

revision = "20261126111000_add_live_log"
down_revision = "20261126109500_add_alert_details"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

# Triggers, so that whatever writes about an issue or raises an alert need not think of watchers. A
# notification without content is sent once for a transaction, however often it is asked for.
UP = """
    CREATE SEQUENCE live_numbers;
    CREATE TABLE live_log (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        number BIGINT,
        project_id UUID NOT NULL,
        kind TEXT NOT NULL,
        ids UUID[] NOT NULL,
        received_from TIMESTAMPTZ,
        received_until TIMESTAMPTZ,
        at TIMESTAMPTZ NOT NULL DEFAULT now()
    );
    CREATE INDEX idx_live_log_number ON live_log (project_id, number);
    CREATE INDEX idx_live_log_unnumbered ON live_log (id) WHERE number IS NULL;
    CREATE INDEX idx_live_log_at ON live_log (at);

    CREATE FUNCTION note_live_issues() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO live_log (project_id, kind, ids)
        SELECT project_id, 'issue', array_agg(DISTINCT issue_id) FROM added GROUP BY project_id;
        IF FOUND THEN
            NOTIFY mesher_live;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER note_live_issues AFTER INSERT ON issue_activity
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_live_issues();

    CREATE FUNCTION note_live_alerts() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO live_log (project_id, kind, ids)
        SELECT project_id, 'alert', array_agg(id) FROM changed GROUP BY project_id;
        IF FOUND THEN
            NOTIFY mesher_live;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER note_new_alerts AFTER INSERT ON alerts
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_live_alerts();
    CREATE TRIGGER note_changed_alerts AFTER UPDATE ON alerts
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_live_alerts();
"""

DOWN = """
    DROP TRIGGER note_changed_alerts ON alerts;
    DROP TRIGGER note_new_alerts ON alerts;
    DROP FUNCTION note_live_alerts();
    DROP TRIGGER note_live_issues ON issue_activity;
    DROP FUNCTION note_live_issues();
    DROP TABLE live_log;
    DROP SEQUENCE live_numbers;
"""


def upgrade() -> None:
    """Make the table and what fills it."""
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    """Drop them."""
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
