"""Timestamps in every form that clients send."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mesher.protocol.limits import LATEST_TIMESTAMP

_NUMBERS = (int, float)


def parse_timestamp_text(text: str) -> float | None:
    """As ``parse_timestamp``, for texts that may hold the seconds as a number."""
    try:
        return parse_timestamp(float(text))
    except ValueError:
        return parse_timestamp(text)


def parse_timestamp(value: Any) -> float | None:
    """
    Seconds since the epoch, UTC, from a JSON value.

    RFC 3339 with or without offset (none means UTC) and with any number of fraction digits (Go and
    Java write nine), or seconds as a number. Milliseconds are not guessed at.

    Returns:
        ``None`` for anything else, for times before 1970 and after the year 9999.
    """
    if isinstance(value, str):
        moment = _moment(value) or _moment(value.strip().upper())
        if moment is None:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = moment.timestamp()
    elif isinstance(value, _NUMBERS) and not isinstance(value, bool):
        if not 0 <= value <= LATEST_TIMESTAMP:  # also keeps integers beyond any float out
            return None
        seconds = float(value)
    else:
        return None
    return seconds if 0 <= seconds <= LATEST_TIMESTAMP else None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
