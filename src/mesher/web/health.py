"""The health of this Mesher, for whoever runs it: what waits, what is stored, and how long the disk lasts."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response

from mesher.errors import Forbidden
from mesher.ingest.journal_status import ShardStatus, read_journal_status
from mesher.resources import resources_of
from mesher.storage.installation import operates, read_installation
from mesher.web.render import render
from mesher.web.session import WebRequest, reading_as

# Records that are older than this when they are digested: people see their errors late.
LATE_SECONDS: Final = 60


async def show_health(request: WebRequest) -> Response[str]:
    """The page; for owners of the organisation that was made first."""
    resources = resources_of(request)
    async with reading_as(request) as (conn, actor):
        if not await operates(conn, actor.viewer.user_id):
            raise Forbidden(
                "only whoever runs this Mesher sees how it is",
                hint="that is an owner of the organization that was made first",
            )
        installation = await read_installation(conn)
    shards = await asyncio.to_thread(read_journal_status, resources.data_dir / "journal")
    disk = shutil.disk_usage(resources.data_dir)
    now = datetime.now(UTC)
    daily = installation.bytes_a_day(now.date())
    return render(
        "health.html",
        actor=actor,
        installation=installation,
        days=[one for one in installation.partitions if one.day <= now.date()],
        shards=shards,
        waiting=sum(shard.waiting for shard in shards),
        age_seconds=_age(shards, now),
        late_seconds=LATE_SECONDS,
        disk=disk,
        daily=daily,
        days_left=disk.free // daily if daily else None,
        now=now,
    )


def _age(shards: list[ShardStatus], now: datetime) -> float:
    """How long the oldest record that waits has waited."""
    times: list[Any] = [one.oldest_received_at_us for one in shards if one.oldest_received_at_us]
    return max(0.0, now.timestamp() - min(times) / 1e6) if times else 0.0
