"""Issues: the events that have one cause."""

from __future__ import annotations

import uuid
from typing import Any, Literal, get_args

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
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
from mesher.values.event import Severity
from mesher.values.triage import Archive, IssueSubstatus, Resolution

IssueStatus = Literal["unresolved", "resolved", "archived", "discarded"]
ISSUE_STATUSES: tuple[IssueStatus, ...] = get_args(IssueStatus)


class Issue(SchemaType):
    """All events of a project with one fingerprint, and what people decided about them."""

    __tablename__ = "issues"
    __table_args__ = (
        UniqueConstraint("project_id", "fingerprint"),
        Index("idx_issues_project_status", "project_id", "status"),
        Index("idx_issues_project_last_seen", "project_id", text("last_seen DESC")),
        Index(
            "idx_issues_project_first_seen", "project_id", text("first_seen DESC"), text("id DESC")
        ),
        Index("idx_issues_project_events", "project_id", text("event_count DESC"), text("id DESC")),
        Index(
            "idx_issues_archived_until",
            "id",
            postgresql_where=text("(archive ->> 'until') IS NOT NULL"),
        ),
        Index(
            "idx_issues_next_release",
            "project_id",
            postgresql_where=text(
                "(resolution ->> 'after_release') IS NOT NULL"
                " AND (resolution ->> 'in_release') IS NULL"
            ),
        ),
    )
    __related__ = belongs_to(project="Project") + has_many(events="Event")

    id: Mapped[RandomId]
    project_id: Mapped[uuid.UUID]  # no foreign key: writing events takes no lock on projects
    fingerprint: Mapped[str]
    title: Mapped[str]
    level: Mapped[Severity]
    status: Mapped[IssueStatus] = mapped_column(server_default=text("'unresolved'"))
    event_count: Mapped[int] = mapped_column(server_default=text("0"))
    first_seen: Mapped[SetNow]
    last_seen: Mapped[SetNow]
    assigned_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    culprit: Mapped[str] = mapped_column(server_default=text("''"))
    platform: Mapped[str] = mapped_column(server_default=text("'other'"))
    grouping: Mapped[dict[str, Any] | None]  # which parts of its events made it one issue
    status_changed_at: Mapped[Timestamp | None]
    # None: not unresolved, and nothing to say beyond the status.
    substatus: Mapped[IssueSubstatus | None] = mapped_column(server_default=text("'new'"))
    resolution: Mapped[Resolution | None] = mapped_column(JSONB)
    archive: Mapped[Archive | None] = mapped_column(JSONB)
