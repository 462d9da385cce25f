"""
Admission: what of a request its project wants and may send, told before anything is kept of it.

    address filter → sampling → rate limits

It sees each item's category and event id and never a payload. Where only some items are let in, the
record goes to the journal whole, and names in ``Record.refused`` what digest shall drop and count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from mesher.errors import RateLimited
from mesher.ingest.filters import is_filtered_address
from mesher.ingest.quota import REPORT_CATEGORY, Quota, Refusal
from mesher.ingest.sampling import is_kept
from mesher.protocol.outcomes import DropReason
from mesher.values.ingest_key import IngestKey

_ATTACHMENT: Final = "attachment"
_EVENTS: Final = frozenset(["error", "security"])
# What goes where its event goes.
_SAMPLED: Final = _EVENTS | {_ATTACHMENT}


class Item(NamedTuple):
    """What admission knows of one item."""

    category: str
    event_id: str  # of the event that the item is or belongs to; empty where there is none


class Admitted(NamedTuple):
    """What became of the items of one request."""

    refused: dict[str, DropReason]  # by event id (sampling) or by category; the key is never both
    # What the client is told once the others are kept; never of client reports.
    rate_limited: RateLimited | None


def reason_refused(refused: Mapping[str, str], category: str, event_id: str) -> str | None:
    """Why an item of a record was refused at receipt; ``None`` for those that were let in."""
    if category in _SAMPLED and event_id in refused:
        return refused[event_id]
    return refused.get(category)


def admit(
    quota: Quota, key: IngestKey, items: Sequence[Item], *, client_ip: str, now: float
) -> Admitted:
    """
    Decide about the items of one request.

    Args:
        quota: counts what is let in.
        key: whose settings hold.
        items: in any order.
        client_ip: may be empty.
        now: seconds of a clock that never goes back.
    """
    settings = key.settings
    refused: dict[str, DropReason] = {}
    left: dict[str, int] = {}
    is_filtered = is_filtered_address(client_ip, settings)
    for category, event_id in items:
        if is_filtered and category != REPORT_CATEGORY:
            refused[category] = "filtered:address"
        elif event_id and category in _SAMPLED and not is_kept(event_id, settings.sample_rate):
            refused[event_id] = "sampled"
        else:
            left[category] = left.get(category, 0) + 1
    has_attachments = left.keys() & _EVENTS and left.pop(_ATTACHMENT, 0)
    limited = quota.take(key, left, now)
    if has_attachments and (event := next(iter(limited.keys() & _EVENTS), None)):
        limited[_ATTACHMENT] = limited[event]
    refused.update(dict.fromkeys(limited, "rate_limited"))
    limited.pop(REPORT_CATEGORY, None)
    return Admitted(refused, _rate_limited(limited) if limited else None)


def _rate_limited(limited: Mapping[str, Refusal]) -> RateLimited:
    categories = tuple(sorted(limited))
    scope = limited[categories[0]].scope
    seconds = limited[categories[0]].retry_after_seconds
    return RateLimited(
        f"the {scope} has sent more {', '.join(categories)} items than its limit allows",
        hint=f"send them again after {seconds} seconds, or raise the project's limit",
        retry_after_seconds=seconds,
        categories=categories,
        scope=scope,
    )
