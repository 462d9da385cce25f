"""Where a request comes from, behind proxies that are trusted."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from litestar import Request

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(request: Request[Any, Any, Any], trusted_proxies: Sequence[Network]) -> str:
    """
    Where a request comes from: the nearest address that is not a trusted proxy.

    X-Forwarded-For is read from its end, because each proxy appends the address it saw, and what
    stands before that is whatever the client sent.
    """
    address = request.client.host if request.client else ""
    forwarded = request.headers.get("x-forwarded-for", "").split(",")
    while _is_trusted(address, trusted_proxies) and forwarded:
        address = forwarded.pop().strip() or address
    return address


def _is_trusted(address: str, trusted_proxies: Sequence[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in trusted_proxies)
