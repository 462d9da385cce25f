"""Alert rules, and the alerts that they raised."""

from __future__ import annotations

import uuid
from typing import Literal, get_args

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
from mesher.values.alert_action import AlertAction
from mesher.values.alert_condition import AlertCondition

AlertStatus = Literal["active", "acknowledged", "resolved"]
ALERT_STATUSES: tuple[AlertStatus, ...] = get_args(AlertStatus)


# What was counted when an alert was raised, by name: events, users, usual_events, ...
Figures = dict[str, float]


class AlertSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's condition as it was, and the figures that met it."""

    condition: AlertCondition
    figures: Figures = {}
    issues: list[uuid.UUID] = []  # what it is about, where that is more than one


class AlertRule(SchemaType):
    """What to watch in a project, and what to do when it happens."""

    __tablename__ = "alert_rules"
    __table_args__ = (
        Index("idx_alert_rules_project", "project_id", postgresql_where=text("enabled = true")),
        Index("idx_alert_rules_order", "project_id", "created_at", "id"),
    )
    __related__ = belongs_to(project="Project") + has_many(alerts="Alert")

    id: Mapped[RandomId]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str]
    condition_json: Mapped[AlertCondition] = mapped_column(JSONB)
    action_json: Mapped[AlertAction] = mapped_column(JSONB)
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    cooldown_minutes: Mapped[int] = mapped_column(server_default=text("60"))
    last_fired_at: Mapped[Timestamp | None]
    created_at: Mapped[SetNow]
    muted_until: Mapped[Timestamp | None]  # until then it raises nothing


class Alert(SchemaType):
    """One firing of a rule, until someone has dealt with it."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("idx_alerts_project_status", "project_id", "status"),
        Index("idx_alerts_rule", "rule_id"),
        Index("idx_alerts_project_triggered", "project_id", text("triggered_at DESC"), "id"),
        Index("idx_alerts_triggered", text("triggered_at DESC")),
        Index("idx_alerts_open", "rule_id", postgresql_where=text("status <> 'resolved'")),
    )
    __related__ = belongs_to(rule="AlertRule", project="Project")

    id: Mapped[RandomId]
    rule_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("alert_rules.id", ondelete="CASCADE"))
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    status: Mapped[AlertStatus] = mapped_column(server_default=text("'active'"))
    message: Mapped[str]
    condition_snapshot: Mapped[AlertSnapshot] = mapped_column(JSONB)
    triggered_at: Mapped[SetNow]
    acknowledged_at: Mapped[Timestamp | None]
    resolved_at: Mapped[Timestamp | None]
    issue_id: Mapped[uuid.UUID | None]  # which caused it; None: not one issue did
    acknowledged_by: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL")
    )
    resolved_by: Mapped[uuid.UUID | None] = mapped_column(  # None: nobody, the condition ended
        ForeignKey("users.id", ondelete="SET NULL")
    )
