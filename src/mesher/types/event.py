"""Events as they are stored."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mesher.types.declaration import RandomId, SchemaType, SetNow, belongs_to
from mesher.values.event import Breadcrumb, ExceptionInfo, Severity, StackFrame


class Event(SchemaType):
    """One stored event. What is searched and grouped by are columns; ``payload`` is all of it."""

    __tablename__ = "events"
    __table_args__ = (
        Index("idx_events_project_received", "project_id", text("received_at DESC")),
        Index("idx_events_issue_received", "issue_id", text("received_at DESC")),
        Index("idx_events_level", "level", text("received_at DESC")),
        Index("idx_events_fingerprint", "fingerprint"),
        Index(
            "idx_events_tags",
            "tags",
            postgresql_using="gin",
            postgresql_ops={"tags": "jsonb_path_ops"},
        ),
        {"postgresql_partition_by": "RANGE (received_at)"},
    )
    __related__ = belongs_to(project="Project", issue="Issue")

    id: Mapped[RandomId]
    # No foreign keys: writing events takes no lock on another table.
    project_id: Mapped[uuid.UUID]
    issue_id: Mapped[uuid.UUID]
    level: Mapped[Severity]
    message: Mapped[str]
    fingerprint: Mapped[str]
    exception: Mapped[list[ExceptionInfo] | None] = mapped_column(JSONB)
    stacktrace: Mapped[list[StackFrame] | None] = mapped_column(JSONB)
    breadcrumbs: Mapped[list[Breadcrumb] | None] = mapped_column(JSONB)
    tags: Mapped[dict[str, str]] = mapped_column(server_default=text("'{}'"))
    extra: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    user_context: Mapped[dict[str, Any] | None]
    sdk_name: Mapped[str | None]
    sdk_version: Mapped[str | None]
    received_at: Mapped[SetNow] = mapped_column(primary_key=True)  # the server's clock
    # zstd of the JSON of the whole normalised event; stored as it is (EXTERNAL), which was measured
    # to be five times faster to write than the same as JSONB.
    payload: Mapped[bytes | None]
    # By which version of grouping it has its fingerprint; None: the first, which did not tell.
    grouping_version: Mapped[int | None] = mapped_column(SmallInteger)
