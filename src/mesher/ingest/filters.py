"""
Inbound filters: events that a project does not want, told before they are grouped and stored.

Each filter has a name; the ledger counts what it drops under ``filtered:<name>``. Clients are told
200: to them nothing is wrong.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from functools import lru_cache
from urllib.parse import urlsplit

from mesher.protocol.event import Event, message_text
from mesher.protocol.outcomes import DropReason
from mesher.protocol.user_agent import parse_user_agent
from mesher.values.ingest_settings import IngestSettings

# Where browsers load the code of extensions from.
_EXTENSION_SCHEMES = (
    "chrome-extension://",
    "moz-extension://",
    "safari-extension://",
    "safari-web-extension://",
    "ms-browser-extension://",
)
# No place: what calls through these is further down the stack.
_NO_PLACE = frozenset(["<anonymous>", "[native code]", "native code"])
# Older ones cannot load a module while a page runs (`import()`), which tools for building pages take
# for granted since 2019: what fails in them is mostly that.
_OLDEST_BROWSERS = {
    "Chrome": 63, "Chrome Mobile": 63, "Chrome Mobile WebView": 63, "Edge": 79, "Firefox": 67,
    "Firefox Mobile": 67, "Mobile Safari": 11, "Opera": 50, "Opera Mobile": 46, "Safari": 11,
}  # fmt: skip
_NEVER_CAPABLE = re.compile(r"\bMSIE |\bTrident/|\bPresto/|\bOpera Mini/")
# Programs that read pages say so; CUBOT is a make of phones.
_CRAWLER = re.compile(
    r"(?<!\bcu)bot\b|crawl|spider|slurp|mediapartners|facebookexternalhit|preview|lighthouse",
    re.IGNORECASE,
)
_LOCAL_NAMES = frozenset(["localhost", "0.0.0.0", "::1"])  # noqa: S104 - compared, not bound


def matching_filter(event: Event, settings: IngestSettings) -> DropReason | None:
    """The first of a project's filters that an event falls under."""
    for reason, applies in _FILTERS:
        if applies(event, settings):
            return reason
    return None


def is_filtered_address(client_ip: str, settings: IngestSettings) -> bool:
    """Whether a project wants nothing from this address; what is no address is let in."""
    if not settings.filter_addresses:
        return False
    try:
        address = ipaddress.ip_address(client_ip)
    except ValueError:
        return False
    return any(address in network for network in _networks(settings.filter_addresses))


def _is_from_extension(event: Event, settings: IngestSettings) -> bool:
    """Whether the newest call of the raised exception that has a place is in an extension."""
    if not settings.filter_browser_extensions:
        return False
    stack = event.exception[-1].stacktrace if event.exception else event.stacktrace
    for frame in reversed(stack.frames if stack else []):
        place = frame.abs_path or frame.filename
        if place and place not in _NO_PLACE:
            return place.startswith(_EXTENSION_SCHEMES)
    return False


def _is_from_crawler(event: Event, settings: IngestSettings) -> bool:
    return settings.filter_web_crawlers and _CRAWLER.search(_user_agent(event)) is not None


def _is_from_legacy_browser(event: Event, settings: IngestSettings) -> bool:
    if not settings.filter_legacy_browsers:
        return False
    user_agent = _user_agent(event)
    if _NEVER_CAPABLE.search(user_agent):
        return True
    browser = parse_user_agent(user_agent).get("browser", {})
    major = browser.get("version", "").partition(".")[0]
    return major.isdigit() and int(major) < _OLDEST_BROWSERS.get(browser.get("name", ""), 0)


def _is_local(event: Event, settings: IngestSettings) -> bool:
    if not settings.filter_localhost:
        return False
    try:
        host = urlsplit((event.request.url if event.request else None) or "").hostname or ""
    except ValueError:  # half an IPv6 address
        return False
    return host in _LOCAL_NAMES or host.endswith(".localhost") or host.startswith("127.")


def _is_of_unwanted_release(event: Event, settings: IngestSettings) -> bool:
    return event.release is not None and _matches(settings.filter_releases, [event.release])


def _has_unwanted_message(event: Event, settings: IngestSettings) -> bool:
    """Looks at what people read as the message, and at each exception's value without and with type."""
    if not settings.filter_messages:
        return False
    texts = [message_text(event)]
    for exception in event.exception:
        texts += [exception.value or "", f"{exception.type or ''}: {exception.value or ''}"]
    return _matches(settings.filter_messages, texts)


# The cheapest first.
_FILTERS: tuple[tuple[DropReason, Callable[[Event, IngestSettings], bool]], ...] = (
    ("filtered:localhost", _is_local),
    ("filtered:release", _is_of_unwanted_release),
    ("filtered:browser_extension", _is_from_extension),
    ("filtered:web_crawler", _is_from_crawler),
    ("filtered:legacy_browser", _is_from_legacy_browser),
    ("filtered:message", _has_unwanted_message),
)


def _user_agent(event: Event) -> str:
    headers = event.request.headers if event.request else None
    return next((text for name, text in headers or [] if name == "User-Agent"), "")


def _matches(patterns: tuple[str, ...], texts: Iterable[str]) -> bool:
    return any(pattern.match(text) for text in texts for pattern in _compiled(patterns))


@lru_cache(maxsize=1024)
def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    # `translate` makes expressions that never try a `*` a second time: no pattern is slow.
    return tuple(re.compile(translate(pattern), re.IGNORECASE) for pattern in patterns)


@lru_cache(maxsize=1024)
def _networks(
    addresses: tuple[str, ...],
) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in addresses)
