"""Add the grouping rules of projects, and by which version of grouping events were grouped."""

from __future__ import annotations

from alembic import op

revision = "20261125100500_add_grouping_rules"
down_revision = "20261125100000_add_issue_fingerprints"

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"

UP = """
    ALTER TABLE projects
        ADD COLUMN grouping_rules TEXT NOT NULL DEFAULT '',
        -- Of the issues that the project has, or newer; all there are were made by version 1.
        ADD COLUMN oldest_grouping_version SMALLINT NOT NULL DEFAULT 1;
    -- NULL: stored by a release that did not tell, all of which had version 1.
    ALTER TABLE events ADD COLUMN grouping_version SMALLINT;
"""

DOWN = """
    ALTER TABLE events DROP COLUMN grouping_version;
    ALTER TABLE projects DROP COLUMN oldest_grouping_version, DROP COLUMN grouping_rules;
"""


def upgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(UP)


def downgrade() -> None:
    op.execute(LOCK_TIMEOUT)
    op.execute(DOWN)
