"""People, what they belong to, and what they log in with."""

from __future__ import annotations

import uuid
from types import MappingProxyType
from typing import Literal, get_args

from sqlalchemy import Boolean, Column, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from mesher.types.declaration import (
    RandomId,
    SchemaType,
    SetNow,
    Timestamp,
    belongs_to,
    has_many,
)

Role = Literal["owner", "admin", "member"]
ROLES: tuple[Role, ...] = get_args(Role)

# ``ci`` is for build pipelines: releases, source maps and debug files, and nothing of events.
TokenScope = Literal["ci", "read", "write", "admin"]
TOKEN_SCOPES: tuple[TokenScope, ...] = get_args(TokenScope)


class User(SchemaType):
    """
    A person. The password's hash is a column of the table alone, so that no JSON, log line or
    template that shows a ``User`` can show it.
    """

    __tablename__ = "users"
    __table_args__ = (Column("password_hash", Text, nullable=False),)
    __mapper_args__ = MappingProxyType({"exclude_properties": ("password_hash",)})
    __related__ = has_many(org_memberships="OrgMembership", sessions="Session")

    id: Mapped[RandomId]
    email: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    created_at: Mapped[SetNow]


class OrgMembership(SchemaType):
    """A person's place in an organisation."""

    __tablename__ = "org_memberships"
    __table_args__ = (
        # Whether a group of an identity provider gave it, and may take it back.
        Column("by_identity", Boolean, nullable=False, server_default=text("false")),
        UniqueConstraint("user_id", "org_id"),
        Index("idx_org_memberships_user", "user_id"),
        Index("idx_org_memberships_org", "org_id"),
    )
    __mapper_args__ = MappingProxyType({"exclude_properties": ("by_identity",)})
    __related__ = belongs_to(user="User", org="Organization")

    id: Mapped[RandomId]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    org_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    role: Mapped[Role] = mapped_column(server_default=text("'member'"))
    joined_at: Mapped[SetNow]


class Session(SchemaType):
    """A log-in on one browser; ``token`` is the hash of what its cookie holds."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("idx_sessions_user", "user_id"),
        Index("idx_sessions_expires", "expires_at"),
    )
    __related__ = belongs_to(user="User")

    token: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[SetNow]
    expires_at: Mapped[Timestamp] = mapped_column(server_default=text("now() + interval '7 days'"))


class ApiToken(SchemaType):
    """A bearer token for the API: of one person, for one organisation or one of its projects."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        Index("idx_api_tokens_user", "user_id"),
        Index("idx_api_tokens_org", "org_id", "created_at", "id"),
    )
    __related__ = belongs_to(user="User", org="Organization", project="Project")

    id: Mapped[RandomId]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    org_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    # None: the whole organisation.
    project_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE")
    )
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)  # sha256, 64 hex digits
    scope: Mapped[TokenScope] = mapped_column(server_default=text("'read'"))
    created_at: Mapped[SetNow]
    last_used_at: Mapped[Timestamp | None]
    revoked_at: Mapped[Timestamp | None]
    expires_at: Mapped[Timestamp | None]  # None: it is valid until it is revoked
