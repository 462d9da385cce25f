"""IP addresses in values that are about them, shortened or removed."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Final, Literal

Addresses = Literal["keep", "shorten", "remove"]

# Keys, as words, whose values are addresses of clients.
ADDRESS_KEYS: Final = frozenset(
    [
        "ip", "ip address", "ip addr", "ipaddress", "ipaddr", "remote addr", "remote address",
        "remote ip", "remote host", "client ip", "client addr", "client address", "user ip",
        "forwarded", "forwarded for", "real ip", "true client ip", "client",
        "cf connecting ip", "fastly client ip", "cluster client ip", "original forwarded for",
        "appengine user ip", "envoy external address", "peer", "peername", "peer ip",
        "peer address", "net peer ip",
    ]
)  # fmt: skip
# What the bytes of a payload are searched for: folded as by ``triggers``.
ADDRESS_TRIGGERS: Final = (
    b"ip_addr", b"ip-addr", b"ipaddr", b"remote", b"client", b"forwarded",
    b"real-ip", b"real_ip", b"realip", b"user-ip", b"user_ip", b"userip", b"connecting", b"peer",
    b"external-address",
)  # fmt: skip
# Alone, or as the last word.
SHORT_ADDRESS_KEY: Final = "ip"
REMOVED: Final = "[address]"

# Loose on purpose: `ipaddress` decides.
_CANDIDATE = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]{1,40})(?!\w)"
)


def treat_addresses(text: str, wanted: Addresses) -> str:
    """``text`` with each address in it shortened to its network (/24, /48) or removed."""
    return _CANDIDATE.sub(lambda match: _treat(match[0], wanted), text)


@lru_cache(maxsize=4096)
def treat_address(address: str, wanted: Addresses) -> str:
    """One address; empty where it is removed, the text itself where it is no address."""
    treated = _treat(address, wanted)
    return "" if treated == REMOVED else treated


def _treat(text: str, wanted: Addresses) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if wanted == "keep":
        return text
    if wanted == "remove":
        return REMOVED
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    length = 24 if address.version == 4 else 48  # a small network; what one customer is given
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False).network_address)
