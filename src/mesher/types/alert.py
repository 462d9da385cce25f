"""Alert rules, and the alerts that they raised."""

from __future__ import annotations

import uuid
from typing import Any, Literal, get_args

import msgspec
from sqlalchemy import ForeignKey, Index, text
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

AlertStatus = Literal["active", "acknowledged", "resolved"]
ALERT_STATUSES: tuple[AlertStatus, ...] = get_args(AlertStatus)


class AlertCondition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a rule fires: on an issue's first event, its return, or its events within a window."""

    kind: Literal["new_issue", "reopened_issue", "event_count"]
    level: Severity | None = None  # None: any
    event_count: int | None = None  # at least so many; for kind event_count
    window_minutes: int | None = None  # within so many minutes; for kind event_count


class AlertRule(SchemaType):
    """What to watch in a project, and what to do when it happens."""

    __tablename__ = "alert_rules"
    __table_args__ = (
        Index("idx_alert_rules_project", "project_id", postgresql_where=text("enabled = true")),
    )
    __related__ = belongs_to(project="Project") + has_many(alerts="Alert")

    id: Mapped[RandomId]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str]
    condition_json: Mapped[AlertCondition] = mapped_column(JSONB)
    action_json: Mapped[dict[str, Any]]
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    cooldown_minutes: Mapped[int] = mapped_column(server_default=text("60"))
    last_fired_at: Mapped[Timestamp | None]
    created_at: Mapped[SetNow]


class Alert(SchemaType):
    """One firing of a rule, until someone has dealt with it."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("idx_alerts_project_status", "project_id", "status"),
        Index("idx_alerts_rule", "rule_id"),
        Index("idx_alerts_triggered", text("triggered_at DESC")),
    )
    __related__ = belongs_to(rule="AlertRule", project="Project")

    id: Mapped[RandomId]
    rule_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("alert_rules.id", ondelete="CASCADE"))
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    status: Mapped[AlertStatus] = mapped_column(server_default=text("'active'"))
    message: Mapped[str]
    condition_snapshot: Mapped[AlertCondition] = mapped_column(JSONB)  # the rule's, as it was
    triggered_at: Mapped[SetNow]
    acknowledged_at: Mapped[Timestamp | None]
    resolved_at: Mapped[Timestamp | None]
