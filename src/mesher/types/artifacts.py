"""
The tables of what releases upload to make stack traces readable: source maps, the files they belong
to, and debug files. Like those of ``companions`` they are no schema types.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP

from mesher.types.declaration import metadata


def _project() -> Column[object]:
    return Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)


def _uploaded_at() -> Column[object]:
    return Column(
        "uploaded_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")
    )


# The bytes of a file, once for each organisation however often it is uploaded. An organisation never
# reads those of another, so a digest that somebody makes collide harms nobody else.
artifact_files = Table(
    "artifact_files",
    metadata,
    Column("org_id", ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True),
    Column("sha1", LargeBinary, primary_key=True),  # of the bytes as they were uploaded
    Column("size_bytes", BigInteger, nullable=False),  # of the same
    Column("stored_bytes", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),  # zstd
    _uploaded_at(),
    Column("last_used_on", Date, nullable=False, server_default=text("CURRENT_DATE")),
    Index("idx_artifact_files_use", "org_id", "last_used_on"),
)

# What a bundle says of its files, for each project that it is for. The id is a digest of the rest, so
# that the same upload again only renews its time.
artifacts = Table(
    "artifacts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("org_id", Uuid, nullable=False),
    _project(),
    Column("debug_id", Uuid),  # none in bundles that are found by release alone
    Column("type", Text, nullable=False),  # source, minified_source, source_map, ...
    Column("url", Text, nullable=False),
    Column("headers", JSONB, nullable=False, server_default=text("'{}'")),  # lower-case names
    Column("release", Text, nullable=False, server_default=text("''")),
    Column("dist", Text, nullable=False, server_default=text("''")),
    Column("sha1", LargeBinary, nullable=False),
    _uploaded_at(),
    ForeignKeyConstraint(
        ["org_id", "sha1"],
        ["artifact_files.org_id", "artifact_files.sha1"],
        ondelete="CASCADE",
    ),
    Index(
        "idx_artifacts_debug_id",
        "project_id",
        "debug_id",
        "type",
        postgresql_where=text("debug_id IS NOT NULL"),
    ),
    Index("idx_artifacts_url", "project_id", "release", "url"),
    Index("idx_artifacts_file", "org_id", "sha1"),
)

# Objects of debug files: ELF, Mach-O, PDB, Breakpad, ProGuard mappings. A file can hold several.
debug_files = Table(
    "debug_files",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("org_id", Uuid, nullable=False),
    _project(),
    Column("debug_id", Text, nullable=False, server_default=text("''")),
    Column("code_id", Text, nullable=False, server_default=text("''")),
    Column("name", Text, nullable=False),
    Column("format", Text, nullable=False),  # elf, macho, pdb, breakpad, proguard, ...
    Column("kind", Text, nullable=False, server_default=text("''")),  # exe, lib, dbg, ...
    Column("arch", Text, nullable=False, server_default=text("''")),
    Column("features", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("sha1", LargeBinary, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    _uploaded_at(),
    ForeignKeyConstraint(
        ["org_id", "sha1"],
        ["artifact_files.org_id", "artifact_files.sha1"],
        ondelete="CASCADE",
    ),
    Index("idx_debug_files_debug_id", "project_id", "debug_id"),
    Index("idx_debug_files_file", "org_id", "sha1"),
)

# What events named and nobody had uploaded when they came: once it is, they are looked at again.
# One row for a build of a project, not for an event.
awaited_artifacts = Table(
    "awaited_artifacts",
    metadata,
    Column("project_id", ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, primary_key=True),  # debug_id, release
    Column("name", Text, primary_key=True),
    Column("first_at", TIMESTAMP(timezone=True), nullable=False),  # receipt of such events
    Column("last_at", TIMESTAMP(timezone=True), nullable=False),
    Column("arrived_at", TIMESTAMP(timezone=True)),  # when it was seen to be uploaded
    Index("idx_awaited_artifacts_last", "last_at"),
)
