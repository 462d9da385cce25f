"""What stands behind the colon: patterns, numbers, times, ids."""

from __future__ import annotations

import contextlib
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from mesher.search.tree import Comparison, Pattern

# Each wildcard makes matching a text slower; nobody types as many.
MAX_WILDCARDS = 10
_GAP = re.compile(r"\\(?P<escaped>[*\\])|(?P<gap>\*+)")
_NUMBER = re.compile(r"(-?\d{1,15}(?:\.\d{1,6})?)(k|m|b)?", re.ASCII | re.IGNORECASE)
_FACTORS = {"": 1, "k": 1e3, "m": 1e6, "b": 1e9}
_RELATIVE = re.compile(r"(?P<sign>[+-]?)(?P<count>\d{1,6})(?P<unit>[smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# Of ISO 8601, what people write: no weeks, no dates without dashes.
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d"
    r"(?P<minute>[T ]\d\d:\d\d(?P<second>:\d\d(?P<fraction>[.,]\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)


class Bound(NamedTuple):
    """A time, and on which side of it."""

    comparison: Comparison
    moment: datetime


def read_pattern(text: str) -> Pattern:
    r"""
    A text in which ``*`` stands for anything; ``\*`` is a star.

    Raises:
        ValueError: too many wildcards.
    """
    parts, done, literal = [], 0, ""
    for found in _GAP.finditer(text):
        literal += text[done : found.start()] + (found["escaped"] or "")
        done = found.end()
        if found["gap"]:
            parts.append(literal)
            literal = ""
    parts.append(literal + text[done:])
    if len(parts) > MAX_WILDCARDS + 1:
        raise ValueError(f"at most {MAX_WILDCARDS} wildcards")
    return Pattern(tuple(parts))


def read_number(text: str) -> float:
    """
    A number, as in ``100``, ``1.5k``.

    Raises:
        ValueError: it is none.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError("a number, as in 100 or 1.5k")
    return float(match[1]) * _FACTORS[(match[2] or "").lower()]


def read_time(text: str, comparison: Comparison, now: datetime) -> list[Bound]:
    """
    The bounds that a time sets; all hold.

    ``-24h`` is within the last 24 hours, ``+24h`` longer ago. A date without a comparison is that day, a
    time to the minute that minute, both in UTC unless they say otherwise.

    Raises:
        ValueError: it is none.
    """
    relative = _RELATIVE.fullmatch(text)
    if relative is not None:
        return [_relative_bound(relative, comparison, now)]
    moment, precision = _read_moment(text)
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        end = moment + precision
    except OverflowError:
        raise ValueError("a time that is not as far away") from None
    match comparison:
        case "=":
            return [Bound(">=", moment), Bound("<", end)]
        case ">":  # behind the day or minute as a whole
            return [Bound(">=", end)]
        case "<=":
            return [Bound("<", end)]
    return [Bound(comparison, moment)]


def _relative_bound(match: re.Match[str], comparison: Comparison, now: datetime) -> Bound:
    ago = timedelta(**{_UNITS[match["unit"]]: int(match["count"])})
    try:
        moment = now - ago
    except OverflowError:
        raise ValueError("a time that is not as far away") from None
    if comparison != "=":
        return Bound(comparison, moment)
    return Bound("<=" if match["sign"] == "+" else ">=", moment)


def _read_moment(text: str) -> tuple[datetime, timedelta]:
    """A time, and how long what it names lasts."""
    shape = _MOMENT.fullmatch(text)
    if shape is not None:
        with contextlib.suppress(ValueError):  # the 30th of February
            return datetime.fromisoformat(text), _precision(shape)
    raise ValueError("a time, as in -24h, 2026-11-26 or 2026-11-26T10:00:00Z")


def _precision(shape: re.Match[str]) -> timedelta:
    if shape["minute"] is None:
        return timedelta(days=1)
    if shape["second"] is None:
        return timedelta(minutes=1)
    return timedelta(seconds=1) if shape["fraction"] is None else timedelta(microseconds=1)


def read_id(text: str) -> uuid.UUID:
    """
    An id, with or without dashes.

    Raises:
        ValueError: it is none.
    """
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ValueError("an id of 32 hexadecimal digits") from None
