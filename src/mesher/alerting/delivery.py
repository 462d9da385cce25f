"""Delivering what is due: each action of a rule is one message, tried until it is taken or a day is over."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from mesher.alerting.channels import Channels, notify_of, recipients_of, send_in_thread
from mesher.alerting.failures import failures_logged
from mesher.errors import MesherError
from mesher.storage import alert_deliveries
from mesher.storage.alert_deliveries import Claimed, DeliveryStatus, DueMessage
from mesher.storage.alert_evaluation import find_projects
from mesher.storage.database import reading, writing
from mesher.types import AlertRule
from mesher.values.alert_action import StoredAction

# Messages in hand at once, in all and to one receiver: one that hangs holds its own for some seconds.
AT_ONCE: Final = 32
AT_ONCE_TO_ONE: Final = 4
# Begun with each look, which is once a second: what a receiver is asked to take in that time, beside
# that each action has one message in it.
MOST_TO_ONE: Final = 50
MOST_BEGUN: Final = 1000
# In hand no longer than this; a message takes at most the time for connecting and answering.
LEASE: Final = timedelta(minutes=2)
# After half a minute, 2, 8, 32 minutes, 2, 8.5 hours and then half a day: a day in all.
FIRST_RETRY_SECONDS: Final = 30.0
RETRY_FACTOR: Final = 4
LONGEST_RETRY_SECONDS: Final = 12 * 3600.0
MAX_ATTEMPTS: Final = 8
# Each wait is up to so much longer, so that what failed together is not tried together.
JITTER: Final = 0.2

log = structlog.get_logger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class Deliverer:
    """Sends what is due, to each receiver by itself, in threads that nothing else waits for."""

    def __init__(
        self, engine: AsyncEngine, channels: Channels, clock: Callable[[], datetime] = _now
    ) -> None:
        self._engine = engine
        self._channels = channels
        self._clock = clock
        self._threads = ThreadPoolExecutor(AT_ONCE, "alert-delivery")
        self._free = asyncio.Semaphore(AT_ONCE)
        self._in_hand: dict[str, asyncio.Task[None]] = {}  # by receiver

    def close(self) -> None:
        """Begin nothing more; a message in hand is tried again when its lease is over."""
        for sending in self._in_hand.values():
            sending.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def begin_due(self) -> int:
        """
        Begin to send what is due to receivers that nothing is being sent to; how many messages.

        Raises:
            Unavailable: the database cannot be reached.
        """
        async with reading(self._engine) as conn:
            due = await alert_deliveries.list_due(
                conn,
                self._clock(),
                busy=list(self._in_hand),
                of_each=MOST_TO_ONE,
                limit=MOST_BEGUN,
            )
        by_receiver: dict[str, list[DueMessage]] = {}
        for message in due:
            by_receiver.setdefault(message.receiver, []).append(message)
        for receiver, messages in by_receiver.items():
            sending = asyncio.create_task(self._send_to_one(messages))
            self._in_hand[receiver] = sending
            sending.add_done_callback(partial(self._forget, receiver))
        return len(due)

    async def finish_begun(self) -> None:
        """Wait until what was begun has been sent, or not."""
        await asyncio.gather(*self._in_hand.values())

    def _forget(self, receiver: str, _: asyncio.Task[None]) -> None:
        del self._in_hand[receiver]

    async def _send_to_one(self, messages: Sequence[DueMessage]) -> None:
        to_one = asyncio.Semaphore(AT_ONCE_TO_ONE)

        async def send(message: DueMessage) -> None:
            async with to_one, self._free:
                with failures_logged("delivery"):
                    await self._deliver(message.rule_id, message.action_id)

        await asyncio.gather(*map(send, messages))

    async def _deliver(self, rule_id: uuid.UUID, action_id: str) -> None:
        now = self._clock()
        async with writing(self._engine) as conn:
            claimed = await alert_deliveries.claim(
                conn, rule_id, action_id, now=now, lease=now + LEASE
            )
            if claimed is None:
                return
            rule = await alert_deliveries.find_any_rule(conn, rule_id)
            alerts = await alert_deliveries.find_alerts(conn, claimed.alert_ids)
            action = _action(rule, action_id)
            if rule is None or action is None or not alerts:
                await alert_deliveries.finish(
                    conn, claimed, "gone", "the rule has this action no more", due_at=now
                )
                return
            project = (await find_projects(conn, [rule.project_id]))[rule.project_id]
            notification = await notify_of(
                conn,
                url=self._channels.url,
                message_id=claimed.message_id,
                rule=rule,
                project=project,
                alerts=alerts,
            )
            recipients = await recipients_of(conn, action, project, alerts)
        try:
            answer = await send_in_thread(
                self._threads, self._channels, action, recipients, notification
            )
        except MesherError as error:
            await self._keep_for_later(claimed, rule, error.message)
        else:
            async with writing(self._engine) as conn:
                await alert_deliveries.finish(conn, claimed, "sent", answer, due_at=now)

    async def _keep_for_later(self, claimed: Claimed, rule: AlertRule, reason: str) -> None:
        over = claimed.attempts >= MAX_ATTEMPTS
        log.warning(
            "alert_not_delivered",
            rule=str(rule.id),
            attempts=claimed.attempts,
            given_up=over,
            reason=reason,
        )
        status: DeliveryStatus = "failed" if over else "waiting"
        due_at = self._clock() + retry_after(claimed.attempts)
        async with writing(self._engine) as conn:
            await alert_deliveries.finish(conn, claimed, status, reason, due_at=due_at)


def retry_after(attempts: int) -> timedelta:
    """How long to wait after so many tries that failed."""
    seconds = min(FIRST_RETRY_SECONDS * RETRY_FACTOR ** (attempts - 1), LONGEST_RETRY_SECONDS)
    return timedelta(seconds=seconds * random.uniform(1, 1 + JITTER))  # noqa: S311 - no secret


def _action(rule: AlertRule | None, action_id: str) -> StoredAction | None:
    actions = rule.action_json.actions if rule else []
    return next((action for action in actions if action.id == action_id), None)
