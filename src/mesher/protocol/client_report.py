"""
Client reports: what an SDK says it has dropped itself, and why (protocol, 6.3).

A report is a statistic of a foreign program: what it names is brought into a closed set, so that it
can neither invent words in our ledger nor make it grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from mesher.errors import ProtocolError
from mesher.protocol.json_text import load_json
from mesher.protocol.outcomes import CATEGORIES

MAX_DISCARDED_ENTRIES: Final = 200  # SDKs send one for each reason and category that occurred
MAX_QUANTITY: Final = 10**9  # of one entry: a process that drops this many a minute is broken
OTHER_REASON: Final = "other"
_REASONS: Final = frozenset(
    {"sample_rate", "before_send", "event_processor", "ratelimit_backoff", "network_error",
     "queue_overflow", "cache_overflow", "send_error", "internal_sdk_error", "insufficient_data",
     "backpressure", "ignored", "no_parent_span", "too_big", "invalid"}
)  # fmt: skip
# Lists beside `discarded_events` that older SDKs and Relay write, and the reason that each stands for.
_OLDER_LISTS: Final = {
    "rate_limited_events": "ratelimit_backoff",
    "filtered_events": "before_send",
    "filtered_sampling_events": "sample_rate",
}


class Discarded(NamedTuple):
    """How many items of a category an SDK dropped for a reason."""

    category: str
    reason: str
    quantity: int


def read_client_report(payload: bytes) -> list[Discarded]:
    """
    What a report says was dropped; entries that make no sense are left out.

    Raises:
        ProtocolError: the payload is not a JSON object.
    """
    try:
        report = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        report = load_json(payload, "the client report")
    if not isinstance(report, dict):
        raise ProtocolError("the client report is not a JSON object")
    return list(_entries(report))[:MAX_DISCARDED_ENTRIES]


def _entries(report: dict[str, Any]) -> Iterator[Discarded]:
    for name, default in {"discarded_events": OTHER_REASON, **_OLDER_LISTS}.items():
        entries = report.get(name)
        for entry in entries[:MAX_DISCARDED_ENTRIES] if isinstance(entries, list) else ():
            if isinstance(entry, dict) and (quantity := _quantity(entry.get("quantity"))):
                category = entry.get("category")
                yield Discarded(
                    _known(category, CATEGORIES, "default"),
                    _known(entry.get("reason"), _REASONS, default),
                    quantity,
                )


def _known(given: object, known: frozenset[str], otherwise: str) -> str:
    return given if isinstance(given, str) and given in known else otherwise


def _quantity(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        return 0
    return min(given, MAX_QUANTITY)
