"""The alerts that rules have raised."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from mesher.ids import OrgId, UserId
from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.pages import Page, cut_page, decode_cursor
from mesher.storage.viewer import SEES_PROJECT, Viewer
from mesher.types import Alert, AlertRule, AlertSnapshot, AlertStatus, Project

_COLUMNS = ", ".join(f"a.{name}" for name in Alert.__fields__())

# One alert that the viewer sees, by primary keys.
_FIND = f"""
    SELECT {_COLUMNS} FROM alerts AS a JOIN projects AS p ON p.id = a.project_id
    WHERE a.id = :id AND {SEES_PROJECT}
"""

# Whether the rule may fire is decided in the statement that says that it has: of several nodes that
# see its condition met, one raises the alert. By primary key.
_INSERT = text(f"""
    WITH fired AS (
        UPDATE alert_rules AS r SET last_fired_at = :now
        WHERE r.id = :rule_id AND r.enabled
            AND (r.last_fired_at IS NULL
                 OR r.last_fired_at <= :now - make_interval(mins => r.cooldown_minutes))
            AND (r.muted_until IS NULL OR r.muted_until <= :now)
        RETURNING r.id, r.project_id
    )
    INSERT INTO alerts AS a
        (rule_id, project_id, message, condition_snapshot, triggered_at, issue_id)
    SELECT fired.id, fired.project_id, :message, :snapshot, :now, :issue_id FROM fired
    RETURNING {_COLUMNS}
""")

# An alert moves forward alone; who was first stays named. By primary key.
_ACKNOWLEDGE = text(f"""
    UPDATE alerts AS a
    SET status = 'acknowledged', acknowledged_at = :now, acknowledged_by = :user_id
    WHERE a.id = :id AND a.status = 'active'
    RETURNING {_COLUMNS}
""")
_RESOLVE = text(f"""
    UPDATE alerts AS a SET status = 'resolved', resolved_at = :now, resolved_by = :user_id
    WHERE a.id = :id AND a.status <> 'resolved'
    RETURNING {_COLUMNS}
""")


async def list_alerts(
    conn: ReadConnection,
    viewer: Viewer,
    *,
    org_id: OrgId | None = None,
    project: Project | None = None,
    status: AlertStatus | None = None,
    limit: int,
    cursor: str | None,
) -> Page[Alert]:
    """
    One page of the alerts of a project, or of all that a viewer sees of an organisation, latest first.

    For each project by idx_alerts_project_triggered, of which a page is enough.

    Raises:
        ProtocolError: the cursor is not one of this list.
    """
    values: dict[str, Any] = viewer.as_parameters() | {"limit": limit + 1}
    conditions = [SEES_PROJECT]
    if org_id is not None:
        conditions.append("p.org_id = :org_id")
        values["org_id"] = org_id
    if project is not None:
        conditions.append("p.id = :project_id")
        values["project_id"] = project.id
    inner = ["a.project_id = p.id"]
    if status is not None:
        inner.append("a.status = :status")
        values["status"] = status
    if cursor:
        values["at"], values["id"] = decode_cursor(cursor, tuple[datetime, uuid.UUID])
        inner.append("(a.triggered_at < :at OR (a.triggered_at = :at AND a.id > :id))")
    result = await conn.execute(
        text(f"""
            SELECT {_COLUMNS} FROM projects AS p CROSS JOIN LATERAL (
                SELECT a.* FROM alerts AS a WHERE {" AND ".join(inner)}
                ORDER BY a.triggered_at DESC, a.id LIMIT :limit
            ) AS a
            WHERE {" AND ".join(conditions)}
            ORDER BY a.triggered_at DESC, a.id
            LIMIT :limit
        """),
        values,
    )
    alerts = [Alert.from_row(row) for row in result.mappings()]
    return cut_page(alerts, limit, lambda alert: (alert.triggered_at, alert.id))


async def find_alert(conn: ReadConnection, viewer: Viewer, alert_id: uuid.UUID) -> Alert | None:
    """An alert that the viewer sees."""
    values = viewer.as_parameters() | {"id": alert_id}
    row = (await conn.execute(text(_FIND), values)).mappings().one_or_none()
    return Alert.from_row(row) if row else None


async def insert_alert(
    conn: WriteConnection,
    rule: AlertRule,
    *,
    message: str,
    snapshot: AlertSnapshot,
    issue_id: uuid.UUID | None,
    now: datetime,
) -> Alert | None:
    """
    Raise an alert, unless the rule is switched off, muted, or has fired within its cooldown.

    Args:
        conn: the caller commits.
        rule: whose condition is met.
        message: for people, one line.
        snapshot: the condition and the figures.
        issue_id: which caused it, if one did.
        now: the server's clock.
    """
    values = {
        "rule_id": rule.id,
        "message": message,
        "snapshot": msgspec.json.encode(snapshot).decode(),
        "issue_id": issue_id,
        "now": now,
    }
    row = (await conn.execute(_INSERT, values)).mappings().one_or_none()
    return Alert.from_row(row) if row else None


async def acknowledge_alert(
    conn: WriteConnection, alert: Alert, *, user_id: UserId, now: datetime
) -> Alert | None:
    """Say that somebody looks after an alert; ``None``: it was active no more."""
    return await _change(conn, _ACKNOWLEDGE, alert, user_id, now)


async def resolve_alert(
    conn: WriteConnection, alert: Alert, *, user_id: UserId | None, now: datetime
) -> Alert | None:
    """
    Say that an alert is over; ``None``: it was already.

    Args:
        conn: the caller commits.
        alert: which.
        user_id: who says so; ``None`` = the condition has ended.
        now: the server's clock.
    """
    return await _change(conn, _RESOLVE, alert, user_id, now)


async def _change(
    conn: WriteConnection, statement: Any, alert: Alert, user_id: UserId | None, now: datetime
) -> Alert | None:
    values = {"id": alert.id, "user_id": user_id, "now": now}
    row = (await conn.execute(statement, values)).mappings().one_or_none()
    return Alert.from_row(row) if row else None
