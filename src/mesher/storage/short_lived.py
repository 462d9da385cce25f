"""What is kept for minutes or hours only, removed by a job each minute."""

from __future__ import annotations

from typing import Final, LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

# Who comes back to a live stream within this time misses nothing. A day's events at full speed are a
# gigabyte of ids, ten minutes of them some megabytes.
LIVE_MINUTES: Final = 10
# A client that sends a request with its key again later than this has given up in between.
IDEMPOTENCY_HOURS: Final = 24

# By idx_live_log_at and idx_idempotency_keys_at.
_FORGET_LIVE: LiteralString = "DELETE FROM live_log WHERE at < now() - make_interval(mins => %s)"
_FORGET_KEYS: LiteralString = (
    "DELETE FROM idempotency_keys WHERE at < now() - make_interval(hours => %s)"
)


# A link is used while it is valid only; some rows a day, of which all are looked at.
_FORGET_RESETS: LiteralString = "DELETE FROM password_resets WHERE expires_at < now()"
# One for each log-in by a passkey in ten minutes.
_FORGET_CHALLENGES: LiteralString = "DELETE FROM answered_challenges WHERE expires_at < now()"


def forget(conn: Connection[TupleRow]) -> int:
    """Remove what has had its time; how many rows."""
    live = conn.execute(_FORGET_LIVE, (LIVE_MINUTES,)).rowcount
    used = conn.execute(_FORGET_RESETS).rowcount + conn.execute(_FORGET_CHALLENGES).rowcount
    return live + used + conn.execute(_FORGET_KEYS, (IDEMPOTENCY_HOURS,)).rowcount
