"""The alert rules of a project."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection, WriteConnection
from mesher.storage.pages import Page, cut_page, decode_cursor
from mesher.types import AlertCondition, AlertRule, Project
from mesher.values.alert_action import AlertAction

_COLUMNS = ", ".join(f"r.{name}" for name in AlertRule.__fields__())

# By primary key; ``FOR UPDATE`` is added where it is about to be changed.
_FIND = f"""
    SELECT {_COLUMNS} FROM alert_rules AS r WHERE r.id = :id AND r.project_id = :project_id
"""

# By idx_alert_rules_order.
_COUNT = text("SELECT count(*) FROM alert_rules AS r WHERE r.project_id = :project_id")

_INSERT = text(f"""
    INSERT INTO alert_rules AS r
        (project_id, name, condition_json, action_json, enabled, cooldown_minutes, muted_until)
    VALUES (:project_id, :name, :condition, :action, :enabled, :cooldown_minutes, :muted_until)
    RETURNING {_COLUMNS}
""")

_UPDATE = text(f"""
    UPDATE alert_rules AS r
    SET name = :name, condition_json = :condition, action_json = :action, enabled = :enabled,
        cooldown_minutes = :cooldown_minutes, muted_until = :muted_until
    WHERE r.id = :id AND r.project_id = :project_id
    RETURNING {_COLUMNS}
""")

_DELETE = text("DELETE FROM alert_rules AS r WHERE r.id = :id AND r.project_id = :project_id")


class RuleContent(msgspec.Struct, frozen=True, kw_only=True):
    """All of a rule that its project's people decide."""

    name: str
    condition: AlertCondition
    action: AlertAction
    enabled: bool
    cooldown_minutes: int
    muted_until: datetime | None


async def list_rules(
    conn: ReadConnection, project: Project, *, limit: int, cursor: str | None
) -> Page[AlertRule]:
    """
    One page of a project's rules, oldest first; by idx_alert_rules_order.

    Raises:
        ProtocolError: the cursor is not one of this list.
    """
    values: dict[str, Any] = {"project_id": project.id, "limit": limit + 1}
    after = ""
    if cursor:
        values["created_at"], values["id"] = decode_cursor(cursor, tuple[datetime, uuid.UUID])
        after = "AND (r.created_at, r.id) > (:created_at, :id)"
    result = await conn.execute(
        text(f"""
            SELECT {_COLUMNS} FROM alert_rules AS r
            WHERE r.project_id = :project_id {after}
            ORDER BY r.created_at, r.id
            LIMIT :limit
        """),
        values,
    )
    rules = [AlertRule.from_row(row) for row in result.mappings()]
    return cut_page(rules, limit, lambda rule: (rule.created_at, rule.id))


async def find_rule(conn: ReadConnection, project: Project, rule_id: uuid.UUID) -> AlertRule | None:
    """A rule of the project."""
    return await _find(conn, _FIND, project, rule_id)


async def lock_rule(
    conn: WriteConnection, project: Project, rule_id: uuid.UUID
) -> AlertRule | None:
    """A rule of the project, which nobody else changes until the transaction ends."""
    return await _find(conn, _FIND + "FOR UPDATE", project, rule_id)


async def count_rules(conn: ReadConnection, project: Project) -> int:
    """How many rules the project has."""
    return int((await conn.execute(_COUNT, {"project_id": project.id})).scalar_one())


async def insert_rule(conn: WriteConnection, project: Project, content: RuleContent) -> AlertRule:
    """Give a project a rule."""
    values = _values(content) | {"project_id": project.id}
    return AlertRule.from_row((await conn.execute(_INSERT, values)).mappings().one())


async def update_rule(conn: WriteConnection, rule: AlertRule, content: RuleContent) -> AlertRule:
    """Give a (locked) rule other content."""
    values = _values(content) | {"id": rule.id, "project_id": rule.project_id}
    return AlertRule.from_row((await conn.execute(_UPDATE, values)).mappings().one())


async def delete_rule(conn: WriteConnection, rule: AlertRule) -> None:
    """Remove a rule with its alerts."""
    await conn.execute(_DELETE, {"id": rule.id, "project_id": rule.project_id})


async def _find(
    conn: ReadConnection, statement: str, project: Project, rule_id: uuid.UUID
) -> AlertRule | None:
    values = {"project_id": project.id, "id": rule_id}
    row = (await conn.execute(text(statement), values)).mappings().one_or_none()
    return AlertRule.from_row(row) if row else None


def _values(content: RuleContent) -> dict[str, Any]:
    return msgspec.structs.asdict(content) | {
        name: msgspec.json.encode(getattr(content, name)).decode()
        for name in ("condition", "action")
    }
