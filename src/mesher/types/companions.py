"""
The tables of what SDKs send beside events: files, what people said, sessions and check-ins. Like
those of ``ingestion`` they are no schema types; ``storage`` reads them into structs of its own.
"""

from __future__ import annotations

from sqlalchemy import (
    REAL,
    BigInteger,
    Column,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from mesher.types.declaration import metadata

# Files of events. The id is a digest of the content and of what it belongs to, so that the same file
# sent twice is one. No foreign key: a file may arrive before its event.
attachments = Table(
    "attachments",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("project_id", Uuid, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("attachment_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("received_at", TIMESTAMP(timezone=True), nullable=False),
    Index("idx_attachments_event", "project_id", "event_id"),
    Index("idx_attachments_received", "project_id", "received_at"),
)

# What people who met an error, or use a feedback form, wrote. The id is a digest like that of a file.
user_feedback = Table(
    "user_feedback",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("project_id", Uuid, nullable=False),
    Column("event_id", Uuid, nullable=False),  # what it is about, or its own id
    Column("name", Text, nullable=False, server_default=text("''")),
    Column("email", Text, nullable=False, server_default=text("''")),
    Column("comments", Text, nullable=False),
    Column("url", Text, nullable=False, server_default=text("''")),
    Column("received_at", TIMESTAMP(timezone=True), nullable=False),
    Index("idx_user_feedback_event", "project_id", "event_id"),
    Index("idx_user_feedback_received", "project_id", "received_at"),
)

# Release health: how sessions of a release ended, by the hour they began in.
session_counts = Table(
    "session_counts",
    metadata,
    Column("project_id", Uuid, primary_key=True),
    Column("hour", TIMESTAMP(timezone=True), primary_key=True),
    Column("release", Text, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("exited", BigInteger, nullable=False, server_default=text("0")),
    Column("errored", BigInteger, nullable=False, server_default=text("0")),
    Column("abnormal", BigInteger, nullable=False, server_default=text("0")),
    Column("unhandled", BigInteger, nullable=False, server_default=text("0")),
    Column("crashed", BigInteger, nullable=False, server_default=text("0")),
)

# Jobs that report in, known from their first check-in.
monitors = Table(
    "monitors",
    metadata,
    Column("project_id", Uuid, primary_key=True),
    Column("slug", Text, primary_key=True),
    Column("config", JSONB),  # schedule and margins, as the SDK last sent them
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
)

check_ins = Table(
    "check_ins",
    metadata,
    Column("project_id", Uuid, primary_key=True),
    Column("check_in_id", Uuid, primary_key=True),  # as the client names it
    Column("slug", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("duration_seconds", REAL),
    Column("release", Text, nullable=False, server_default=text("''")),
    Column("started_at", TIMESTAMP(timezone=True), nullable=False),
    Column("received_at", TIMESTAMP(timezone=True), nullable=False),  # of its latest report
    Index("idx_check_ins_monitor", "project_id", "slug", "environment", "started_at"),
    Index("idx_check_ins_received", "project_id", "received_at"),
)

# What went wrong with a monitor and has become an event.
monitor_problems = Table(
    "monitor_problems",
    metadata,
    Column("project_id", Uuid, primary_key=True),
    Column("slug", Text, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # failed, missed, overlong
    # Of the run, or when there should have been one.
    Column("started_at", TIMESTAMP(timezone=True), primary_key=True),
    Column("event_id", Uuid, nullable=False),
    Column("noted_at", TIMESTAMP(timezone=True), nullable=False),
    Index("idx_monitor_problems_noted", "project_id", "noted_at"),
)
