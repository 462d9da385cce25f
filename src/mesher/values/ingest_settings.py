"""What a project lets in: rate limits, sampling, filters, what becomes of a storm, and of secrets."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

import msgspec

# An event is matched against all of them, on the way to the database.
MAX_PATTERNS = 100
# A release or the recognisable part of a message; more of it costs time and tells nothing.
MAX_PATTERN_CHARACTERS = 200
# The names of values in programs, headers and forms are shorter.
MAX_KEY_CHARACTERS = 100
# Above what one machine acknowledges (8,000 a second), and more than twice what it stores: whoever
# has set nothing loses no event by a limit, and yet nobody can send without end.
DEFAULT_EVENTS_PER_WINDOW = 600_000

_Events = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
_Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_PATTERN_CHARACTERS)]
_Patterns = Annotated[tuple[_Pattern, ...], msgspec.Meta(max_length=MAX_PATTERNS)]

_Key = Annotated[str, msgspec.Meta(pattern=r"[^\W_]", max_length=MAX_KEY_CHARACTERS)]
_Keys = Annotated[tuple[_Key, ...], msgspec.Meta(max_length=MAX_PATTERNS)]


class IngestSettings(msgspec.Struct, frozen=True, kw_only=True):
    """
    The settings of one project. The defaults drop nothing of what a machine can keep.

    Limits are per category (``error``, ``session``, …), so that a flood of one kind leaves the
    others alone. In patterns ``*`` stands for any text, ``?`` for one character; case is ignored.
    """

    # The share of events that is kept, by their ids; a column of its own, the data model's.
    sample_rate: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    window_seconds: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 60  # SDKs pause until its end
    project_events_per_window: _Events = DEFAULT_EVENTS_PER_WINDOW  # over all its keys; 0: none
    key_events_per_window: _Events = DEFAULT_EVENTS_PER_WINDOW
    filter_browser_extensions: bool = False
    filter_legacy_browsers: bool = False
    filter_web_crawlers: bool = False
    filter_localhost: bool = False
    filter_releases: _Patterns = ()
    filter_messages: _Patterns = ()
    filter_addresses: _Patterns = ()  # of clients: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32
    # Off: what it drops was acknowledged, and only the project can say that it has enough of it.
    spike_protection: bool = False
    spike_factor: Annotated[float, msgspec.Meta(ge=2, le=1000)] = 10.0  # times the usual rate
    # Removal of secrets before anything is stored: docs/scrubbing.md.
    scrub: bool = True
    scrub_keys: _Keys = ()  # sensitive beside those that Mesher knows
    safe_keys: _Keys = ()  # not sensitive, whatever Mesher knows
    # Addresses of clients: as they are, shortened to /24 and /48, or not at all.
    ip_addresses: Literal["keep", "shorten", "remove"] = "keep"

    def __post_init__(self) -> None:
        """Refuse what is no address: ``ValueError``, which msgspec makes a ``ValidationError``."""
        for text in self.filter_addresses:
            ipaddress.ip_network(text, strict=False)

    def scrubbing_alone(self) -> IngestSettings:
        """The same rules for secrets, and nothing that drops events."""
        return IngestSettings(
            scrub=self.scrub,
            scrub_keys=self.scrub_keys,
            safe_keys=self.safe_keys,
            ip_addresses=self.ip_addresses,
        )
