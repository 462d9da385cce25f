"""Deliveries: whom an alert is told by which action, what came of it, and what is due."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy import text

from mesher.storage.database import ReadConnection, WriteConnection
from mesher.types import Alert, AlertRule
from mesher.values.alert_action import StoredAction

DeliveryStatus = Literal["waiting", "sent", "failed", "gone"]
# What an answer shows of itself; the beginning says what is wrong.
MAX_ANSWER_CHARACTERS = 1000
# Told in one message; the others are counted.
MAX_TOLD = 50
# Of one alert: each action once, and again as often as somebody asks.
MAX_LISTED = 200

_INSERT = text("""
    INSERT INTO alert_deliveries (alert_id, rule_id, action_id, receiver, due_at)
    VALUES (:alert_id, :rule_id, :action_id, :receiver, :due_at)
""")

# By idx_alert_deliveries_due. All that waits for an action is one message; of each receiver so many,
# so that one with a long queue does not keep others waiting.
_DUE = text("""
    SELECT rule_id, action_id, receiver FROM (
        SELECT rule_id, action_id, receiver, min(due_at) AS since,
               row_number() OVER (PARTITION BY receiver ORDER BY min(due_at)) AS place
        FROM alert_deliveries
        WHERE status = 'waiting' AND due_at <= :now AND receiver <> ALL (:busy)
        GROUP BY rule_id, action_id, receiver
    ) AS due
    WHERE place <= :of_each ORDER BY since LIMIT :limit
""")

# All that waits for an action and is due is told together. Until ``lease`` nobody else takes it; a
# process that dies meanwhile leaves it to the next. ``message_id`` stays from one try to the next, so
# that a receiver knows what it has had.
_CLAIM = text("""
    UPDATE alert_deliveries AS d
    SET due_at = :lease, attempts = d.attempts + 1, tried_at = :now,
        message_id = coalesce(d.message_id, :message_id)
    WHERE d.delivery_id IN (
        SELECT delivery_id FROM alert_deliveries
        WHERE rule_id = :rule_id AND action_id = :action_id
            AND status = 'waiting' AND due_at <= :now
        ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING d.delivery_id, d.alert_id, d.attempts, d.message_id
""")

_FINISH = text("""
    UPDATE alert_deliveries SET status = :status, answer = :answer, due_at = :due_at
    WHERE delivery_id = ANY (:ids)
""")

_LIST = text("""
    SELECT d.delivery_id AS id, d.alert_id, d.action_id, d.status, d.due_at, d.attempts,
           d.tried_at, d.answer, d.created_at
    FROM alert_deliveries AS d WHERE d.alert_id = :alert_id
    ORDER BY d.created_at, d.delivery_id LIMIT :limit
""")

_AGAIN = text("""
    UPDATE alert_deliveries SET status = 'waiting', due_at = :now, attempts = 0
    WHERE alert_id = :alert_id AND status = 'failed'
""")

_ALERTS = text(f"""
    SELECT {", ".join(f"a.{name}" for name in Alert.__fields__())}
    FROM alerts AS a WHERE a.id = ANY (:ids) ORDER BY a.triggered_at, a.id
""")
_RULE = text(f"""
    SELECT {", ".join(f"r.{name}" for name in AlertRule.__fields__())}
    FROM alert_rules AS r WHERE r.id = :id
""")

# Whom a mail to people of the organisation of a project goes to, and who sees to an issue.
_PEOPLE = text("""
    SELECT u.email FROM projects AS p
    JOIN org_memberships AS m ON m.org_id = p.org_id JOIN users AS u ON u.id = m.user_id
    WHERE p.id = :project_id AND m.role = ANY (:roles)
    ORDER BY u.email LIMIT :limit
""")
_ASSIGNEES = text("""
    SELECT DISTINCT u.email FROM issues AS i
    JOIN projects AS p ON p.id = i.project_id
    JOIN org_memberships AS m ON m.org_id = p.org_id AND m.user_id = i.assigned_to
    JOIN users AS u ON u.id = m.user_id
    WHERE i.id = ANY (:ids) ORDER BY u.email
""")
_TITLES = text("SELECT i.id, i.title, i.culprit FROM issues AS i WHERE i.id = ANY (:ids)")
# Of one mail: more are a mailing list's.
MAX_RECIPIENTS = 100


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One alert by one action, and what came of it so far."""

    id: uuid.UUID
    alert_id: uuid.UUID
    action_id: str
    status: DeliveryStatus
    due_at: datetime
    attempts: int
    tried_at: datetime | None
    answer: str
    created_at: datetime


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """What is told in one message now."""

    ids: list[uuid.UUID]
    alert_ids: list[uuid.UUID]
    attempts: int  # this one included, of that which was tried most
    message_id: uuid.UUID


class DueMessage(NamedTuple):
    """All that waits for an action of a rule."""

    rule_id: uuid.UUID
    action_id: str
    receiver: str  # the server that it goes to


async def add_deliveries(
    conn: WriteConnection, alert: Alert, actions: Sequence[StoredAction], due_at: datetime
) -> None:
    """Have an alert told by actions of its rule, in the transaction that raised it."""
    rows = [
        {
            "alert_id": alert.id,
            "rule_id": alert.rule_id,
            "action_id": one.id,
            "receiver": one.receiver or one.id,  # it was made before receivers were known
            "due_at": due_at,
        }
        for one in actions
    ]
    if rows:
        await conn.execute(_INSERT, rows)


async def list_due(
    conn: ReadConnection, now: datetime, *, busy: Sequence[str], of_each: int, limit: int
) -> list[DueMessage]:
    """
    What there is to tell now, what waits longest first.

    Args:
        conn: any connection.
        now: the clock.
        busy: receivers to leave out.
        of_each: the most messages to one receiver.
        limit: the most in all.
    """
    values = {"now": now, "busy": list(busy), "of_each": of_each, "limit": limit}
    return [DueMessage(*row) for row in await conn.execute(_DUE, values)]


async def claim(
    conn: WriteConnection, rule_id: uuid.UUID, action_id: str, *, now: datetime, lease: datetime
) -> Claimed | None:
    """Take what is due by an action in hand until ``lease``; ``None``: another process has it."""
    values = {
        "rule_id": rule_id,
        "action_id": action_id,
        "now": now,
        "lease": lease,
        "message_id": uuid.uuid4(),
        "limit": MAX_TOLD,
    }
    rows = (await conn.execute(_CLAIM, values)).all()
    if not rows:
        return None
    return Claimed(
        ids=[row.delivery_id for row in rows],
        alert_ids=[row.alert_id for row in rows],
        attempts=max(row.attempts for row in rows),
        message_id=rows[0].message_id,
    )


async def finish(
    conn: WriteConnection,
    claimed: Claimed,
    status: DeliveryStatus,
    answer: str,
    *,
    due_at: datetime,
) -> None:
    """Write down what came of a message; ``waiting`` until ``due_at`` where it is tried again."""
    values = {
        "ids": claimed.ids,
        "status": status,
        "answer": answer.replace("\0", "")[:MAX_ANSWER_CHARACTERS],
        "due_at": due_at,
    }
    await conn.execute(_FINISH, values)


async def list_deliveries(conn: ReadConnection, alert: Alert) -> list[Delivery]:
    """The deliveries of an (accessible) alert, the oldest first."""
    result = await conn.execute(_LIST, {"alert_id": alert.id, "limit": MAX_LISTED})
    return [msgspec.convert(row, Delivery) for row in result.mappings()]


async def send_again(conn: WriteConnection, alert: Alert, now: datetime) -> int:
    """Have those deliveries of an (accessible) alert that failed for good tried again; how many."""
    return (await conn.execute(_AGAIN, {"alert_id": alert.id, "now": now})).rowcount


async def find_alerts(conn: ReadConnection, ids: Sequence[uuid.UUID]) -> list[Alert]:
    """Alerts by their ids, for delivery, which has no viewer; the oldest first."""
    result = await conn.execute(_ALERTS, {"ids": list(ids)})
    return [Alert.from_row(row) for row in result.mappings()]


async def find_any_rule(conn: ReadConnection, rule_id: uuid.UUID) -> AlertRule | None:
    """A rule by its id, for delivery, which has no viewer."""
    row = (await conn.execute(_RULE, {"id": rule_id})).mappings().one_or_none()
    return AlertRule.from_row(row) if row else None


async def emails_of_people(
    conn: ReadConnection, project_id: uuid.UUID, roles: Sequence[str]
) -> list[str]:
    """The e-mails of the people with these roles in the organisation of a project."""
    values = {"project_id": project_id, "roles": list(roles), "limit": MAX_RECIPIENTS}
    return list((await conn.execute(_PEOPLE, values)).scalars())


async def emails_of_assignees(conn: ReadConnection, issue_ids: Sequence[uuid.UUID]) -> list[str]:
    """The e-mails of whoever issues are assigned to."""
    return list((await conn.execute(_ASSIGNEES, {"ids": list(issue_ids)})).scalars())


async def titles_of(
    conn: ReadConnection, issue_ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, tuple[str, str]]:
    """Title and culprit of issues that are still there."""
    result = await conn.execute(_TITLES, {"ids": list(issue_ids)})
    return {row.id: (row.title, row.culprit) for row in result}
