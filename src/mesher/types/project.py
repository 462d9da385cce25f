"""Organisations, their projects, and the keys that ingest into a project."""

from __future__ import annotations

import uuid
from types import MappingProxyType

from sqlalchemy import (
    REAL,
    BigInteger,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mesher.types.declaration import (
    RandomId,
    SchemaType,
    SetNow,
    Timestamp,
    belongs_to,
    has_many,
)


class Organization(SchemaType):
    """The tenant: everything else belongs to exactly one."""

    __tablename__ = "organizations"
    __related__ = has_many(projects="Project", org_memberships="OrgMembership")

    id: Mapped[RandomId]
    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[SetNow]


class Project(SchemaType):
    """
    What SDKs send events to.

    Its retention and sampling are ``RetentionSettings``; what else it lets in, ``IngestSettings``; how its
    events are grouped, ``GroupingSettings``.
    """

    __tablename__ = "projects"
    __table_args__ = (
        Column("retention_days", Integer, nullable=False, server_default=text("90")),
        Column("sample_rate", REAL, nullable=False, server_default=text("1.0")),
        Column("ingest_settings", JSONB, nullable=False, server_default=text("'{}'")),
        Column("grouping_rules", Text, nullable=False, server_default=text("''")),
        Column("oldest_grouping_version", SmallInteger, nullable=False, server_default=text("1")),
        Index("idx_projects_slug", "slug", unique=True, postgresql_where=text("slug IS NOT NULL")),
        Index("idx_projects_org", "org_id"),
    )
    __mapper_args__ = MappingProxyType(
        {
            "exclude_properties": (
                "retention_days",
                "sample_rate",
                "ingest_settings",
                "grouping_rules",
                "oldest_grouping_version",
            )
        }
    )
    __related__ = belongs_to(org="Organization") + has_many(
        api_keys="ApiKey",
        issues="Issue",
        events="Event",
        alert_rules="AlertRule",
        alerts="Alert",
    )

    id: Mapped[RandomId]
    org_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    name: Mapped[str]
    platform: Mapped[str | None]
    slug: Mapped[str | None]
    created_at: Mapped[SetNow]
    # What stands in DSNs, where several SDKs accept only digits.
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)


class ApiKey(SchemaType):
    """A key that may ingest into one project and do nothing else."""

    __tablename__ = "api_keys"
    __table_args__ = (
        Index("idx_api_keys_project", "project_id"),
        Index("idx_api_keys_value", "key_value", postgresql_where=text("revoked_at IS NULL")),
    )
    __related__ = belongs_to(project="Project")

    id: Mapped[RandomId]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    key_value: Mapped[str] = mapped_column(unique=True)  # mshr_ and the 32 digits of the DSN
    label: Mapped[str] = mapped_column(server_default=text("'default'"))
    created_at: Mapped[SetNow]
    revoked_at: Mapped[Timestamp | None]
