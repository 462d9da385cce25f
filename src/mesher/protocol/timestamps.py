"""Timestamps in every form that clients send."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from mesher.protocol.limits import LATEST_TIMESTAMP

# Python's parser reads six digits behind the point; Go and Java send nine.
_LONG_FRACTION = re.compile(r"(\.[0-9]{6})[0-9]+")


def parse_timestamp(value: Any) -> float | None:
    """
    Seconds since the epoch, UTC, from a JSON value.

    RFC 3339 with or without offset (none means UTC) and with any number of fraction digits, or
    seconds as a number. Milliseconds are not guessed at.

    Returns:
        ``None`` for anything else, for times before 1970 and after the year 9999.
    """
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", value.strip(), count=1))
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        try:
            seconds = moment.timestamp()
        except OverflowError:
            return None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value) if abs(value) < LATEST_TIMESTAMP else -1.0
    else:
        return None
    return seconds if 0 <= seconds <= LATEST_TIMESTAMP else None
