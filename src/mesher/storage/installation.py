"""The state of this Mesher as a whole, for whoever runs it; of no tenant anything but numbers."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
from sqlalchemy import text

from mesher.ids import UserId
from mesher.storage.database import ReadConnection

# What a day takes is seen in the last full days.
GROWTH_DAYS = 7

_OPERATES = text("""
    SELECT EXISTS (
        SELECT FROM org_memberships AS m
        WHERE m.user_id = :user_id AND m.role = 'owner'
          AND m.org_id = (SELECT o.id FROM organizations AS o ORDER BY o.created_at, o.id LIMIT 1)
    )
""")

# From the catalogue, by the names that partitions.py gives.
_PARTITIONS = text("""
    SELECT to_date(regexp_replace(c.relname, '\\D', '', 'g'), 'YYYYMMDD') AS day,
           pg_total_relation_size(c.oid) AS size_bytes
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'events'::regclass
    ORDER BY 1 DESC
""")
_DATABASE = text("SELECT pg_database_size(current_database())")
# By the hour, of all projects; some thousand rows where there are many.
_OUTCOMES = text("""
    SELECT outcome, reason, sum(quantity)::bigint AS quantity FROM outcomes
    WHERE hour >= now() - interval '24 hours' AND category = 'error' AND outcome <> 'client_discarded'
    GROUP BY 1, 2 ORDER BY 1, 3 DESC
""")
_JOBS = text("""
    SELECT status::text AS status, count(*) AS jobs FROM procrastinate_jobs
    WHERE status IN ('todo', 'doing', 'failed') GROUP BY 1
""")
_QUARANTINED = text("SELECT count(*) FROM quarantine")
_DELIVERIES = text("""
    SELECT status, count(*) AS deliveries FROM alert_deliveries
    WHERE status = 'waiting' OR (status = 'failed' AND created_at > now() - interval '7 days')
    GROUP BY 1
""")


class Partition(msgspec.Struct, frozen=True):
    """The events of one day on disk, with their indexes."""

    day: date
    size_bytes: int


class OutcomeSum(msgspec.Struct, frozen=True):
    """What became of events, over all projects."""

    outcome: str
    reason: str
    quantity: int


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """What the database says of itself and of the work."""

    database_bytes: int
    partitions: list[Partition]  # the latest day first, those made ahead too
    outcomes: list[OutcomeSum]  # of the last 24 hours
    jobs: dict[str, int]  # by their state: todo, doing, failed
    quarantined: int
    deliveries: dict[str, int]  # of alerts: waiting, and failed within a week

    def bytes_a_day(self, today: date) -> int | None:
        """What a day of events took lately; ``None`` = there was no full day yet."""
        sizes = [
            one.size_bytes
            for one in self.partitions
            if today - timedelta(days=GROWTH_DAYS) <= one.day < today
        ]
        return sum(sizes) // len(sizes) if sizes else None


async def operates(conn: ReadConnection, user_id: UserId) -> bool:
    """Whether somebody owns the organisation that was made first, as whoever installs Mesher does."""
    return bool((await conn.execute(_OPERATES, {"user_id": user_id})).scalar_one())


async def read_installation(conn: ReadConnection) -> Installation:
    """The state of the database."""
    return Installation(
        database_bytes=(await conn.execute(_DATABASE)).scalar_one(),
        partitions=[Partition(*row) for row in await conn.execute(_PARTITIONS)],
        outcomes=[OutcomeSum(*row) for row in await conn.execute(_OUTCOMES)],
        jobs={row.status: row.jobs for row in await conn.execute(_JOBS)},
        quarantined=(await conn.execute(_QUARANTINED)).scalar_one(),
        deliveries={row.status: row.deliveries for row in await conn.execute(_DELIVERIES)},
    )
