"""Add the tables, types and functions of the job queue (procrastinate)."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "20261123100000_add_job_queue"
down_revision = "20261123090000_add_ingestion_and_tokens"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

# Everything of procrastinate's carries its name, which nothing of ours does. Triggers hang on the
# functions, the functions on the tables, and the tables on the types.
DOWN = r"""
    DO $$
    DECLARE
        routine regprocedure;
    BEGIN
        FOR routine IN
            SELECT oid FROM pg_proc
            WHERE proname LIKE 'procrastinate\_%' AND pronamespace = current_schema::regnamespace
        LOOP
            EXECUTE 'DROP FUNCTION ' || routine || ' CASCADE';
        END LOOP;
    END
    $$;
    DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs,
        procrastinate_workers;
    DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_event_type,
        procrastinate_job_status;
"""


def upgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    _run_as_it_is(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    _run_as_it_is(DOWN)


def _run_as_it_is(statements: str) -> None:
    # Neither colons nor percent signs of the text stand for parameters.
    op.get_bind().exec_driver_sql(statements, execution_options={"no_parameters": True})
