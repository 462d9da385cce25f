"""
Release health: updates of one session, and counts of many.

    session    {"sid": …, "init": true, "seq": 0, "started": …, "status": "exited", "errors": 0,
                "attrs": {"release": …, "environment": …}}
    sessions   {"aggregates": [{"started": …, "exited": 3, "crashed": 1}], "attrs": {…}}

A session is counted when it ends, by the update that says how: an ``ok`` update counts nothing, and
after any other status an SDK sends no further one. So each session is counted once without any being
remembered; one that never says how it ended is not counted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from mesher.errors import ProtocolError
from mesher.protocol.attributes import clean_name
from mesher.protocol.json_text import load_json
from mesher.protocol.limits import (
    CLOCK_DRIFT_SECONDS,
    FUTURE_SECONDS,
    SESSION_PAST_SECONDS,
)
from mesher.protocol.timestamps import parse_timestamp

ENDINGS = ("exited", "errored", "abnormal", "unhandled", "crashed")
# Of one bucket of a minute; more is damage, and would overflow the sums.
_MAX_COUNT = 10**9


class SessionCount(NamedTuple):
    """How sessions ended that began at the same time."""

    release: str
    environment: str  # empty: none
    started_at: float  # seconds since the epoch, the client's drift undone
    endings: dict[str, int]  # of ENDINGS; those that are missing are 0


def read_session(payload: bytes, *, received_at: float, sent_at: float | None) -> SessionCount:
    """
    Read one update.

    Args:
        payload: its JSON.
        received_at: the server's clock, seconds since the epoch.
        sent_at: the client's clock when it sent, as its envelope says.

    Raises:
        ProtocolError: it names no usable release, or lies in the future or too far back.
    """
    given = _object(load_json(payload, "the session"))
    release, environment = _attributes(given)
    started_at = _moment(given, "started", received_at, sent_at)
    if given.get("timestamp") is not None:
        _moment(given, "timestamp", received_at, sent_at)
    status, errors = given.get("status"), given.get("errors")
    if status == "exited" and isinstance(errors, int) and errors > 0:
        status = "errored"
    endings = {status: 1} if status in ENDINGS else {}
    return SessionCount(release, environment, started_at, endings)


def read_sessions(
    payload: bytes, *, received_at: float, sent_at: float | None
) -> list[SessionCount]:
    """
    Read aggregates; those that do not fit are left out.

    Raises:
        ProtocolError: no usable release, or none of the aggregates fits.
    """
    given = _object(load_json(payload, "the sessions"))
    release, environment = _attributes(given)
    counts: list[SessionCount] = []
    aggregates = given.get("aggregates")
    for aggregate in aggregates if isinstance(aggregates, list) else []:
        try:
            bucket = _object(aggregate)
            started_at = _moment(bucket, "started", received_at, sent_at)
        except ProtocolError:
            continue
        endings = {name: bucket[name] for name in ENDINGS if _is_count(bucket.get(name))}
        counts.append(SessionCount(release, environment, started_at, endings))
    if not counts:
        raise ProtocolError("no aggregate of the sessions fits", field="aggregates")
    return counts


def _attributes(given: dict[str, Any]) -> tuple[str, str]:
    attributes = _object(given.get("attrs"))
    release = clean_name("release", attributes.get("release"))
    if not release:
        raise ProtocolError("the session names no usable release", field="attrs.release")
    environment = clean_name("environment", attributes.get("environment")) or ""
    return release, environment


def _moment(given: dict[str, Any], name: str, received_at: float, sent_at: float | None) -> float:
    moment = parse_timestamp(given.get(name))
    if moment is None:
        raise ProtocolError(f"{name} is no time", field=name)
    if sent_at is not None and abs(received_at - sent_at) >= CLOCK_DRIFT_SECONDS:
        moment += received_at - sent_at
    if not received_at - SESSION_PAST_SECONDS <= moment <= received_at + FUTURE_SECONDS:
        raise ProtocolError(f"{name} is in the future or too long ago", field=name)
    return moment


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MAX_COUNT


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ProtocolError("the session is not an object of the form that SDKs send")
    return value
