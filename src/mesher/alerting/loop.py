"""Evaluating and delivering, again and again, for as long as the jobs process lives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import httpx2
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from mesher.alerting.channels import Channels
from mesher.alerting.delivery import Deliverer
from mesher.alerting.failures import failures_logged
from mesher.alerting.firing import fire_rules
from mesher.alerting.measures import measure_rules
from mesher.alerting.signals import match_signals
from mesher.storage.alert_evaluation import begin_evaluation
from mesher.storage.database import create_engine, writing

# What an event decides is told within seconds; two statements where nothing has happened.
SIGNALS_SECONDS: Final = 2.0
# What time decides changes by the minute.
MEASURES_SECONDS: Final = 60.0
# The most that a receiver is sent within it is ``delivery.MOST_TO_ONE``.
DELIVERIES_SECONDS: Final = 1.0
# The next evaluation waits for it.
HEARTBEAT_SECONDS: Final = 5.0
# One for evaluation, the others for messages in hand, which need theirs for moments.
POOL_SIZE: Final = 3

log = structlog.get_logger(__name__)


async def evaluate(engine: AsyncEngine, now: datetime, *, measure: bool) -> None:
    """
    Look once whether rules are met, and raise their alerts; one node does so at a time.

    Args:
        engine: of the database.
        now: the clock that rules go by.
        measure: whether to look at what time decides, and not only at what events have.

    Raises:
        MesherError: the database cannot be reached, or a rule's query cannot be used.
    """
    async with writing(engine) as conn:
        if not await begin_evaluation(conn):
            return
        await match_signals(conn, now)
        if measure:
            await measure_rules(conn, now)
        await fire_rules(conn, now)


async def run_alerting(database_url: str, channels: Channels, *, heartbeat_url: str = "") -> None:
    """
    Evaluate and deliver until cancelled.

    Args:
        database_url: of the database.
        channels: what messages are sent with.
        heartbeat_url: asked after each minute's evaluation, so that something outside notices when
            there is none; empty = nothing is.
    """
    engine = create_engine(database_url, pool_size=POOL_SIZE, application_name="mesher-alerting")
    deliverer = Deliverer(engine, channels)
    measured_at = -MEASURES_SECONDS

    async def look() -> None:
        nonlocal measured_at
        measure = time.monotonic() - measured_at >= MEASURES_SECONDS
        await evaluate(engine, datetime.now(UTC), measure=measure)
        if measure:
            measured_at = time.monotonic()
            if heartbeat_url:
                await beat(heartbeat_url)

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_again_and_again("evaluation", look, SIGNALS_SECONDS))
            tasks.create_task(_again_and_again("delivery", deliverer.begin_due, DELIVERIES_SECONDS))
    finally:
        deliverer.close()
        await engine.dispose()


async def beat(url: str) -> None:
    """Tell an address of the operator's that rules are evaluated; what it says is logged if it is no."""
    try:
        async with httpx2.AsyncClient(timeout=HEARTBEAT_SECONDS) as client:
            answer = await client.get(url, headers={"User-Agent": "Mesher"})
    except httpx2.HTTPError as error:
        log.warning("heartbeat_not_taken", reason=f"{type(error).__name__}: {error}")
    else:
        if not answer.is_success:
            log.warning("heartbeat_not_taken", reason=str(answer.status_code))


async def _again_and_again(
    what: str, step: Callable[[], Awaitable[object]], seconds: float
) -> None:
    while True:
        with failures_logged(what):
            await step()
        await asyncio.sleep(seconds)
