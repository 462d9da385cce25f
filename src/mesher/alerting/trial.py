"""Sending an example by the actions of a rule, to see what their receivers say."""

from __future__ import annotations

import uuid
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from mesher.alerting.channels import Channels, recipients_of, send_in_thread
from mesher.alerting.message import Notification, make_notification
from mesher.errors import MesherError
from mesher.storage.database import ReadConnection
from mesher.types import Alert, AlertRule, AlertSnapshot, Project
from mesher.values.alert_action import StoredAction


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an example by one action."""

    action_id: str
    action_type: str
    delivered: bool
    answer: str  # of the receiver, or why there is none


async def try_actions(
    conn: ReadConnection, channels: Channels, project: Project, rule: AlertRule
) -> list[Coroutine[Any, Any, Trial]]:
    """
    What is left to do to try each action of an (accessible) rule: sending, without a connection.

    Args:
        conn: where recipients are looked up.
        channels: what to send with.
        project: of the rule.
        rule: whose actions.
    """
    now = datetime.now(UTC)
    alert = Alert(
        id=uuid.uuid4(),
        rule_id=rule.id,
        project_id=project.id,
        status="active",
        message="This is an example; nothing has happened",
        condition_snapshot=AlertSnapshot(condition=rule.condition_json),
        triggered_at=now,
    )
    notification = make_notification(
        message_id=uuid.uuid4(),
        rule=rule,
        project=project,
        alerts=[alert],
        titles={},
        url=channels.url,
    )
    return [
        _try(channels, action, await recipients_of(conn, action, project, []), notification)
        for action in rule.action_json.actions
    ]


async def _try(
    channels: Channels,
    action: StoredAction,
    recipients: Sequence[str],
    notification: Notification,
) -> Trial:
    try:
        answer = await send_in_thread(None, channels, action, recipients, notification)
    except MesherError as error:
        answer, delivered = error.message, False
    else:
        delivered = True
    return Trial(
        action_id=action.id, action_type=action.action_type, delivered=delivered, answer=answer
    )
