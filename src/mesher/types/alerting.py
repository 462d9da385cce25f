"""What alerting works with: what happened, what rules found in it, and whom it is told."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from mesher.types.declaration import metadata

_TIME = TIMESTAMP(timezone=True)

# Written with the events that show it, for projects with a rule; read and removed by evaluation.
alert_signals = Table(
    "alert_signals",
    metadata,
    Column("signal_id", BigInteger, Identity(always=True), primary_key=True),
    Column("project_id", Uuid, nullable=False),
    Column("issue_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),  # new_issue, regression
    Column("at", _TIME, nullable=False),
)

# What a rule found and has not told yet; it waits here while the rule cools down.
alert_matches = Table(
    "alert_matches",
    metadata,
    Column("rule_id", Uuid, ForeignKey("alert_rules.id", ondelete="CASCADE"), nullable=False),
    Column("issue_id", Uuid),  # or of a monitor, made of its name; None: the project as a whole
    Column("title", Text),  # of what is no issue
    Column("at", _TIME, nullable=False),
    Column("figures", JSONB, nullable=False, server_default=text("'{}'")),
    UniqueConstraint("rule_id", "issue_id", postgresql_nulls_not_distinct=True),
)

# One alert by one action of its rule; those of an action that are due together are one message.
alert_deliveries = Table(
    "alert_deliveries",
    metadata,
    Column("delivery_id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("alert_id", Uuid, ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    Column("rule_id", Uuid, ForeignKey("alert_rules.id", ondelete="CASCADE"), nullable=False),
    Column("action_id", Text, nullable=False),
    Column("receiver", Text, nullable=False, server_default=text("''")),  # the server it goes to
    # waiting, sent, failed (for good, until somebody sends it again), gone (its action is no more)
    Column("status", Text, nullable=False, server_default=text("'waiting'")),
    Column("due_at", _TIME, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("tried_at", _TIME),
    Column("answer", Text, nullable=False, server_default=text("''")),  # the receiver's, or why not
    Column("message_id", Uuid),  # which message told it; the same for each try
    Column("created_at", _TIME, nullable=False, server_default=text("now()")),
    Index("idx_alert_deliveries_due", "due_at", postgresql_where=text("status = 'waiting'")),
    Index("idx_alert_deliveries_alert", "alert_id"),
    Index("idx_alert_deliveries_rule", "rule_id", "action_id"),
)
