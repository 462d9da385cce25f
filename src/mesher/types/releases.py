"""
The tables of releases, and of the uploads on their way to become artifacts. Like those of
``companions`` they are no schema types; ``storage`` reads them into structs of its own.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP

from mesher.types.declaration import metadata

# A version of what an organisation ships. Its projects share it: one version, one set of commits.
releases = Table(
    "releases",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("org_id", Uuid, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False),
    Column("version", Text, nullable=False),
    Column("status", Text, nullable=False, server_default=text("'open'")),  # or archived
    Column("url", Text),
    Column("ref", Text),  # what version control calls it, as whoever made it says
    Column("refs", JSONB, nullable=False, server_default=text("'[]'")),  # of set-commits
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Column("started_at", TIMESTAMP(timezone=True)),
    Column("released_at", TIMESTAMP(timezone=True)),  # when it was finalised
    UniqueConstraint("org_id", "version"),
    Index("idx_releases_org_created", "org_id", "created_at", "id"),
)

release_projects = Table(
    "release_projects",
    metadata,
    Column("release_id", Uuid, ForeignKey("releases.id", ondelete="CASCADE"), primary_key=True),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Index("idx_release_projects_project", "project_id"),
)

# What a release brings, the newest commit first.
release_commits = Table(
    "release_commits",
    metadata,
    Column("release_id", Uuid, ForeignKey("releases.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("commit_id", Text, nullable=False),
    Column("repository", Text),
    Column("message", Text),
    Column("author_name", Text),
    Column("author_email", Text),
    Column("committed_at", TIMESTAMP(timezone=True)),
    Column("files", JSONB, nullable=False, server_default=text("'[]'")),  # {path, type: A, M, D}
)

deploys = Table(
    "deploys",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("release_id", Uuid, ForeignKey("releases.id", ondelete="CASCADE"), nullable=False),
    Column("environment", Text, nullable=False),
    Column("name", Text),
    Column("url", Text),
    Column("started_at", TIMESTAMP(timezone=True)),
    Column("finished_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Index("idx_deploys_release", "release_id", "finished_at"),
)

# Parts of files that are being uploaded. Each organisation has its own: knowing the hash of
# another's file gives nobody its content.
upload_chunks = Table(
    "upload_chunks",
    metadata,
    Column("org_id", Uuid, ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True),
    Column("sha1", Text, primary_key=True),  # 40 hex digits, of ``data``
    Column("size_bytes", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
    Index("idx_upload_chunks_expires", "expires_at"),
)

# Files whose chunks are all there: what is to be made of them, and what became of it.
assemblies = Table(
    "assemblies",
    metadata,
    Column("org_id", Uuid, ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),  # 64 hex digits, of all that decides on the result
    Column("kind", Text, nullable=False),  # artifact_bundle or debug_file
    Column("checksum", Text, nullable=False),  # SHA-1 of the whole file
    Column("chunks", ARRAY(Text), nullable=False),  # in the order of the file
    Column("target", JSONB, nullable=False),  # projects, release, dist; name and debug id
    Column("state", Text, nullable=False),  # created, assembling, ok, error
    Column("detail", Text),  # why it failed
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Index("idx_assemblies_updated", "updated_at"),
)
