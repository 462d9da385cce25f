"""
Where messages may go: to public addresses, unless the operator allows others.

Whoever makes a rule names an address that this server then talks to. It must not become a way into the
network that the server stands in. The check is on the address that is really connected to, so no name,
redirect, answer of a name server or way to write an address gets around it: it is in the methods of Python's
own socket, by which every library here connects. An audit hook (PEP 578) would be the same in fewer lines,
but Python runs it for every event of the process, and within the tracing of threads it must not run at all.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any, Final

from mesher.errors import MesherError
from mesher.ingest.submission import Network

_allowed: ContextVar[Sequence[Network] | None] = ContextVar("allowed", default=None)
_CONNECTING: Final = ("connect", "connect_ex", "sendto")
# Addresses that lead to an IPv4 address which stands within them (RFC 6052, RFC 3056).
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddress(MesherError, OSError):
    """An address that messages do not go to; a kind of OSError, as libraries expect of connecting."""

    code = "forbidden_address"


@contextmanager
def public_addresses_only(allowed: Sequence[Network]) -> Iterator[None]:
    """
    Within, and in what is called from there, only public addresses can be connected to.

    Args:
        allowed: private networks that may be connected to all the same.

    Raises:
        ForbiddenAddress: from within, when something tries; libraries may turn it into errors of theirs.
    """
    _guard_sockets()
    token = _allowed.set(allowed)
    try:
        yield
    finally:
        _allowed.reset(token)


def check_address(host: str, allowed: Sequence[Network]) -> None:
    """
    Raises:
        ForbiddenAddress: the address is private, or none.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError as error:
        raise ForbiddenAddress(f"{host!r} is no address that can be checked") from error
    inner = _inner(address)
    if any(inner in network or address in network for network in allowed):
        return
    if not inner.is_global or inner.is_multicast:
        raise ForbiddenAddress(
            f"{inner} is a private address, which messages do not go to",
            hint="the operator can allow its network with MESHER_ALLOWED_NETWORKS",
        )


def _inner(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inside = address.ipv4_mapped or address.sixtofour
    if inside is None and address in _NAT64:
        inside = ipaddress.IPv4Address(address.packed[-4:])
    return inside or address


@cache
def _guard_sockets() -> None:
    """Once for a process. Where nothing is guarded, each method looks at a variable and goes on."""
    for name in _CONNECTING:
        _guard(name)


def _guard(name: str) -> None:
    original = getattr(socket.socket, name)

    @wraps(original)
    def guarded(connection: socket.socket, *arguments: Any) -> Any:
        allowed = _allowed.get()
        if allowed is not None:
            _check(connection, arguments[-1], allowed)  # the address is the last of each
        return original(connection, *arguments)

    setattr(socket.socket, name, guarded)


def _check(connection: socket.socket, address: Any, allowed: Sequence[Network]) -> None:
    if connection.family not in {socket.AF_INET, socket.AF_INET6} or not isinstance(address, tuple):
        raise ForbiddenAddress("messages go over the network alone")
    check_address(str(address[0]), allowed)
