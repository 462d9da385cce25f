"""The ways by which people are told: to whom a notification goes, and sending it by a thread."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from mesher.accounts.sealed_actions import open_action
from mesher.alerting.message import Notification, issues_of, make_notification
from mesher.alerting.sending import NotDelivered, send_apprise, send_mail, send_webhook
from mesher.ingest.submission import Network
from mesher.mail import Mailer
from mesher.secret_box import SecretBox
from mesher.settings import Settings, read_networks
from mesher.storage import alert_deliveries
from mesher.storage.database import ReadConnection
from mesher.types import Alert, AlertRule, Project
from mesher.values.alert_action import StoredAction, Webhook

SEND_SECONDS: Final = 60.0
_ROLES: Final = {"members": ("owner", "admin", "member"), "admins": ("owner", "admin")}


@dataclass(frozen=True, kw_only=True)
class Channels:
    """What messages are sent with."""

    mailer: Mailer | None  # None: the operator has named no mail server
    box: SecretBox
    url: str  # of this Mesher, without a slash at the end
    allowed: Sequence[Network]  # private networks that messages may go to


def open_channels(settings: Settings) -> Channels:
    """
    What a process sends messages with, as the operator has set it.

    Raises:
        SetupError: the allowed networks are none.
    """
    return Channels(
        mailer=Mailer(settings.smtp_url, settings.mail_from) if settings.smtp_url else None,
        box=SecretBox(settings.data_dir, key=settings.secret_key),
        url=settings.public_url,
        allowed=read_networks("MESHER_ALLOWED_NETWORKS", settings.allowed_networks),
    )


async def notify_of(
    conn: ReadConnection,
    *,
    url: str,
    message_id: uuid.UUID,
    rule: AlertRule,
    project: Project,
    alerts: Sequence[Alert],
) -> Notification:
    """What is told of alerts of a rule."""
    ids = [issue_id for alert in alerts for issue_id in issues_of(alert)]
    titles = await alert_deliveries.titles_of(conn, ids)
    return make_notification(
        message_id=message_id, rule=rule, project=project, alerts=alerts, titles=titles, url=url
    )


async def recipients_of(
    conn: ReadConnection, action: StoredAction, project: Project, alerts: Sequence[Alert]
) -> list[str]:
    """Whom a mail goes to; nobody for actions that are none."""
    if action.action_type != "email":
        return []
    if not isinstance(action.to, str):
        return list(action.to)
    if action.to == "assignee":
        ids = [issue_id for alert in alerts for issue_id in issues_of(alert)]
        return await alert_deliveries.emails_of_assignees(conn, ids)
    return await alert_deliveries.emails_of_people(conn, project.id, _ROLES[action.to])


async def send_in_thread(
    threads: ThreadPoolExecutor | None,
    channels: Channels,
    action: StoredAction,
    recipients: Sequence[str],
    notification: Notification,
) -> str:
    """
    Send a notification without holding up what else the process does.

    Args:
        threads: ``None`` = those that the process has anyway.
        channels: what to send with.
        action: by which way.
        recipients: of a mail.
        notification: what is told.

    Returns:
        What the receiver said.

    Raises:
        NotDelivered: it did not take it.
        SetupError: the action was sealed by another key.
    """
    loop = asyncio.get_running_loop()
    sending = loop.run_in_executor(threads, _send, channels, action, recipients, notification)
    try:
        return await asyncio.wait_for(sending, SEND_SECONDS)
    except TimeoutError as error:
        raise NotDelivered(f"no answer within {SEND_SECONDS:.0f} seconds") from error


def _send(
    channels: Channels,
    action: StoredAction,
    recipients: Sequence[str],
    notification: Notification,
) -> str:
    if action.action_type == "email":
        if channels.mailer is None:
            raise NotDelivered("no mail server is set up; the operator can with MESHER_SMTP_URL")
        return send_mail(channels.mailer, recipients, notification)
    opened = open_action(channels.box, action)
    if isinstance(opened, Webhook):
        return send_webhook(opened, notification, channels.allowed)
    return send_apprise(opened, notification, channels.allowed)
