"""A server's clock that jumps back, by a day and across a restart, loses and doubles nothing."""

from __future__ import annotations

import uuid

from mesher.ingest.digester import ShardDigester
from mesher.ingest.journal_sqlite import SegmentReader
from mesher.ingest.marker import MARKER_NAME, Marker
from mesher.storage.connection import connect

AUTH = {"X-Sentry-Auth": "Sentry sentry_key=a3f1c29be4d84f0c9e7b5d6c81f02e4a, sentry_version=7"}
NOON_NS = 1_790_000_000 * 10**9
DAY_NS = 24 * 3600 * 10**9


def test_events_before_and_after_a_jump_are_stored_once_each(ingest, envelope, database_url):
    ids = [uuid.uuid4().hex for _ in range(6)]
    bodies = [envelope(f'{{"event_id":"{event_id}"}}') for event_id in ids]
    moments = iter([NOON_NS, NOON_NS - DAY_NS, NOON_NS - DAY_NS + 1])
    ingest.clock = moments.__next__
    ingest.post_all("/api/1/envelope/", bodies[:3], headers=AUTH)
    # A process that is started again knows nothing of the time before the jump.
    ingest.clock = iter([NOON_NS - DAY_NS, NOON_NS - 2 * DAY_NS, NOON_NS]).__next__
    ingest.post_all("/api/1/envelope/", bodies[3:], headers=AUTH)
    # What a client sends again after the jump is a duplicate, on whichever day it lies.
    ingest.clock = iter([NOON_NS - 2 * DAY_NS]).__next__
    ingest.post_all("/api/1/envelope/", bodies[:1], headers=AUTH)

    shard = ingest.folder / "000"
    digester = ShardDigester(SegmentReader(shard), Marker(shard / MARKER_NAME))
    with connect(database_url, application_name="test") as conn:
        while digester.digest_next(conn):
            pass
        stored = conn.execute("SELECT id FROM events").fetchall()
        ledger = conn.execute(
            "SELECT outcome, reason, sum(quantity)::int FROM outcomes GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
    digester.close()
    assert sorted(event_id.hex for (event_id,) in stored) == sorted(ids)
    assert ledger == [("accepted", "", 7), ("dropped", "duplicate", 1), ("stored", "", 6)]
