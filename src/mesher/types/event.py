"""Events: what a client sends in Mesher's own form, its compact parts, and what is stored."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

import msgspec
from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mesher.types.declaration import RandomId, SchemaType, SetNow, belongs_to

Severity = Literal["fatal", "error", "warning", "info", "debug"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

# What a caller of the native endpoints gets a 400 for. All are far above what is kept after
# normalising, so that only what is no event at all is refused and the rest is trimmed.
MAX_NAME_CHARACTERS = 1024  # names, versions, tags: 200 characters are kept of most
MAX_TEXT_CHARACTERS = 256 * 1024  # messages and exception values: 8,192 are kept
MAX_LIST_ITEMS = 1000  # frames, exceptions, breadcrumbs, tags: 250 at most are kept

_Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME_CHARACTERS)]
_Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT_CHARACTERS)]
_Few = msgspec.Meta(max_length=MAX_LIST_ITEMS)
_Moment = datetime | float  # RFC 3339, or seconds since the epoch


class StackFrame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call, as it is kept in ``events.stacktrace``; oldest call first."""

    function: _Name | None = None
    module: _Name | None = None
    filename: _Name | None = None
    lineno: int | None = None
    in_app: bool | None = None  # None: the SDK did not say


class ExceptionInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One exception of a chain, as it is kept in ``events.exception``; innermost cause first."""

    type: _Name | None = None
    value: _Text | None = None
    module: _Name | None = None
    handled: bool | None = None  # None: the SDK did not say


class Breadcrumb(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened before the event; oldest first."""

    timestamp: _Moment | None = None
    category: _Name | None = None
    level: Severity | None = None
    message: _Text | None = None


class EventPayload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    What ``POST /api/v1/events`` takes. Every attribute may be absent, and one that is not listed
    here is read as the Sentry protocol reads it.
    """

    event_id: _Name | None = None  # a uuid; absent: Mesher makes one
    timestamp: _Moment | None = None  # absent: the time of receipt
    message: _Text | None = None
    level: Severity | None = None  # absent: error
    exception: Annotated[list[ExceptionInfo], _Few] | None = None
    stacktrace: Annotated[list[StackFrame], _Few] | None = None
    breadcrumbs: Annotated[list[Breadcrumb], _Few] | None = None
    tags: Annotated[dict[_Name, _Name], _Few] | None = None
    extra: dict[str, Any] | None = None
    user_context: dict[str, Any] | None = None
    fingerprint: Annotated[list[_Name], _Few] | None = None
    environment: _Name | None = None
    release: _Name | None = None
    transaction: _Name | None = None
    platform: _Name | None = None
    server_name: _Name | None = None
    logger: _Name | None = None
    sdk_name: _Name | None = None
    sdk_version: _Name | None = None


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
