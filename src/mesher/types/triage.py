"""
The tables of what was done with issues. Like those of ``bindings`` they are no schema types; ``storage``
reads them into structs of its own.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from mesher.types.declaration import metadata

# What happened to an issue: what people did, what they wrote, and when it came back. A merge lets it
# follow to the other issue, and ``about_issue`` says where it goes when the merge is undone.
issue_activity = Table(
    "issue_activity",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("project_id", Uuid, nullable=False),  # no foreign key: digest writes rows
    Column("issue_id", Uuid, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    Column("about_issue", Uuid, nullable=False),  # as it was when it happened
    Column("kind", Text, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Column("actor_id", Uuid, ForeignKey("users.id", ondelete="SET NULL")),
    Column("actor_name", Text),  # None: nobody did it
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    Column("comment", Text),  # of the kind "comment"
    Column("edited_at", TIMESTAMP(timezone=True)),
    Index("idx_issue_activity_issue", "issue_id", "id"),
    Index("idx_issue_activity_project", "project_id", "kind", "at"),
    Index("idx_issue_activity_actor", "actor_id", postgresql_where=text("actor_id IS NOT NULL")),
)

# Changes of many issues at once, for as long as they can be undone.
issue_actions = Table(
    "issue_actions",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("org_id", Uuid, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False),
    # None: issues of several projects.
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE")),
    Column("made_by", Uuid, ForeignKey("users.id", ondelete="CASCADE")),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Column("undone_at", TIMESTAMP(timezone=True)),
    Column("issues", JSONB, nullable=False),  # what each had before, and what it was given
    Index("idx_issue_actions_org", "org_id"),
    Index("idx_issue_actions_project", "project_id"),
    Index("idx_issue_actions_person", "made_by"),
)
