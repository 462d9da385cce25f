"""
The tables of how fingerprints and issues belong together, beyond the fingerprint that an issue was
made for. Like those of ``ingestion`` they are no schema types; ``storage`` reads them into structs of
its own.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from mesher.types.declaration import metadata

# To which issue events with a fingerprint go. An issue's own fingerprint (``issues.fingerprint``) is
# always bound to itself; others come by merging, and by events that have several. A foreign key,
# unlike elsewhere: rows are written only when an issue is made or merged, and must not outlive it.
issue_fingerprints = Table(
    "issue_fingerprints",
    metadata,
    Column("project_id", Uuid, primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("issue_id", Uuid, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    Column("has_routes", Boolean, nullable=False, server_default=text("false")),
    Index("idx_issue_fingerprints_issue", "issue_id"),
)

# Which of a fingerprint's events go to another issue than the rest: those of a release, or with a
# call. Made by splitting an issue.
issue_routes = Table(
    "issue_routes",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("project_id", Uuid, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("condition", JSONB, nullable=False),
    Column("issue_id", Uuid, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    ForeignKeyConstraint(
        ["project_id", "fingerprint"],
        ["issue_fingerprints.project_id", "issue_fingerprints.fingerprint"],
        ondelete="CASCADE",
    ),
    Index("idx_issue_routes_fingerprint", "project_id", "fingerprint"),
    Index("idx_issue_routes_issue", "issue_id"),
)

# What people merged and split, and what is needed to undo it. The issues have no foreign key: the
# one that a merge removes comes back with the same id when the merge is undone.
issue_changes = Table(
    "issue_changes",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("issue_id", Uuid, nullable=False),  # merged into, or split
    Column("other_id", Uuid, nullable=False),  # merged away, or split off
    Column("state", Text, nullable=False),
    Column("moved_events", BigInteger, nullable=False, server_default=text("0")),
    Column("details", JSONB, nullable=False),
    Column("made_by", Uuid, ForeignKey("users.id", ondelete="SET NULL")),
    Column("made_by_name", Text, nullable=False),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Column("undone_by_name", Text),
    Column("undone_at", TIMESTAMP(timezone=True)),
    Index("idx_issue_changes_issue", "issue_id"),
    Index("idx_issue_changes_other", "other_id"),
    Index("idx_issue_changes_project", "project_id"),
    Index(
        "idx_issue_changes_moving",
        "made_at",
        postgresql_where=text("state = ANY (ARRAY['moving'::text, 'undoing'::text])"),
    ),
)

# By what similar issues are found: hashes of parts of what an issue is about. Issues that share one
# are worth a comparison.
issue_signatures = Table(
    "issue_signatures",
    metadata,
    Column("issue_id", Uuid, ForeignKey("issues.id", ondelete="CASCADE"), primary_key=True),
    Column("bands", ARRAY(BigInteger), nullable=False),
    Index(
        "idx_issue_signatures_bands",
        "bands",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    ),
)
