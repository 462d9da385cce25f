"""
What becomes of what is received: categories, outcomes and reasons of the ledger, and the header
that tells clients of limits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

Outcome = Literal["accepted", "stored", "dropped", "client_discarded"]
DropReason = Literal[
    "rate_limited",
    "sampled",
    "filtered:address",
    "filtered:browser_extension",
    "filtered:legacy_browser",
    "filtered:localhost",
    "filtered:message",
    "filtered:release",
    "filtered:web_crawler",
    "spike",  # the project's spike protection thinned a storm out
    "discarded",  # the issue is
    "duplicate",
    "invalid",
    "too_large",
    "over_quota",  # the journal, the event (attachments) or the project (monitors) had no room
    "quarantined",
    "not_kept",  # a kind of item that Mesher does not keep
]

# Items about one event: they share the id of their envelope, and have one given where it has none.
CARRIES_EVENT_ID: Final = frozenset(
    {"event", "transaction", "security", "raw_security", "feedback", "form_data", "user_report",
     "attachment", "profile", "replay_event", "replay_recording", "replay_video", "unreal_report"}
)  # fmt: skip

# The names by which SDKs know limits; a message is an `error` too.
_CATEGORY_BY_TYPE: Final = {
    "event": "error",
    "transaction": "transaction",
    "security": "security",
    "raw_security": "security",
    "session": "session",
    "sessions": "session",
    "attachment": "attachment",
    "user_report": "feedback",
    "feedback": "feedback",
    "check_in": "monitor",
    "replay_event": "replay",
    "replay_recording": "replay",
    "replay_video": "replay",
    "profile": "profile",
    "profile_chunk": "profile_chunk",
    "log": "log_item",
    "trace_metric": "trace_metric",
    "span": "span",
    "client_report": "internal",
    "statsd": "metric_bucket",
    "metric_buckets": "metric_bucket",
}

# The ledger knows no others: what clients call differently is counted as `default`.
CATEGORIES: Final = frozenset(_CATEGORY_BY_TYPE.values()) | {"default", "log_byte"}


def item_category(item_type: str) -> str:
    """The ledger's and the rate limits' category of an item type; ``default`` for unknown ones."""
    return _CATEGORY_BY_TYPE.get(item_type, "default")


class RateLimit(NamedTuple):
    """One limit that is in force."""

    seconds: int  # at least 1; SDKs ignore others
    categories: tuple[str, ...]  # empty: all
    scope: Literal["organization", "project", "key"]
    reason: str  # code of letters and underscores


def rate_limits_header(limits: Iterable[RateLimit]) -> str:
    """
    The value of ``X-Sentry-Rate-Limits``: ``60:error;default:key:ip_quota, 10::project:flood``.

    Every field is written, because clients differ in which they can do without (Rust wants three
    of them, PHP two colons).
    """
    return ", ".join(
        f"{limit.seconds}:{';'.join(limit.categories)}:{limit.scope}:{limit.reason}"
        for limit in limits
    )
