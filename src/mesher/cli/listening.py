"""
The address that Mesher listens on: checked before anything is started, and held while it runs.

The web processes share their port (SO_REUSEPORT). The parent binds it too, without listening: the
kernel sends it no connection, but no other program can take the port while a web process restarts.
"""

from __future__ import annotations

import socket

import msgspec

from mesher.errors import SetupError
from mesher.settings import Settings

# Reserved for documentation (RFC 5737, RFC 3849). Connecting a datagram socket sends nothing; it
# only asks the routing table which of our addresses would be used.
_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}


def reserve_port(settings: Settings) -> tuple[Settings, socket.socket]:
    """
    Take the port for the web processes; 0 becomes a free one, and a host name its address.

    Returns:
        The settings with the address to bind and the URL by which others reach it, unless the
        operator gave one; and the socket that keeps the port for as long as it is open.

    Raises:
        SetupError: the port is in use, needs more rights, or the host is not this machine's.
    """
    try:
        family, *_, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # Alone first: with SO_REUSEPORT another Mesher's port would look free.
        _bind(family, address, socket.SO_REUSEADDR).close()
        reservation = _hold(family, address)
    except OSError as error:
        raise SetupError(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror}",
            hint="choose another port with --port or MESHER_PORT (0 = any free one), "
            "another address with --host or MESHER_HOST, or stop the program that has it",
        ) from error
    host, port = reservation.getsockname()[:2]
    name = _reachable_name(settings.host, host, family)
    url = settings.url or Settings(host=name, port=port).public_url
    return msgspec.structs.replace(settings, host=host, port=port, url=url), reservation


def _hold(family: int, address: tuple[object, ...]) -> socket.socket:
    try:
        return _bind(family, address, socket.SO_REUSEPORT)
    except OSError:
        # Connections of a program that has just ended are in the way for a minute. Only then, since
        # SO_REUSEADDR would let another Mesher pass while no web process listens.
        return _bind(family, address, socket.SO_REUSEPORT, socket.SO_REUSEADDR)


def _bind(family: int, address: tuple[object, ...], *options: int) -> socket.socket:
    bound = socket.socket(family)
    try:
        for option in options:
            bound.setsockopt(socket.SOL_SOCKET, option, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def _reachable_name(host: str, bound_host: str, family: int) -> str:
    """What to call a host that listens on every address: the one that faces other machines."""
    if bound_host not in {"0.0.0.0", "::"}:  # noqa: S104 - compared with, not bound
        return host
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((_ELSEWHERE[socket.AddressFamily(family)], 9))
        except OSError:  # no way out of this machine
            return socket.gethostname()
        return str(probe.getsockname()[0])
