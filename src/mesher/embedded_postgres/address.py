"""Where the server listens: a socket that only its owner and root reach."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

# struct sockaddr_un holds 108 bytes with the closing NUL (Linux, unix(7)).
MAX_SOCKET_PATH_BYTES = 107
LOOPBACK = "127.0.0.1"
PORT = 5432  # part of the socket's file name; no TCP port is opened with it


@dataclass(frozen=True, kw_only=True)
class Address:
    """``host`` is a folder of sockets or an IP address, as in libpq."""

    host: str
    port: int

    def server_settings(self) -> Mapping[str, str]:
        """What makes the server listen here and nowhere else."""
        is_socket = self.host.startswith("/")
        return {
            "listen_addresses": "" if is_socket else self.host,
            "unix_socket_directories": self.host if is_socket else "",
            "unix_socket_permissions": "0700",
            "port": str(self.port),
        }

    def url(self, *, role: str, password: str, database: str) -> str:
        """A URL for psycopg. The port is always named: libpq would else take it from PGPORT."""
        # libpq does not read "+" as a space.
        where = urlencode({"host": self.host, "port": self.port}, quote_via=quote)
        return f"postgresql://{role}:{quote(password, safe='')}@/{database}?{where}"


def choose_address(sockets: Path) -> Address:
    """
    A socket in the folder ``sockets``; a free port of the loopback if that path is too long, or has
    a character that separates hosts in libpq or folders in the server.

    The port is free now and taken a moment later; should another program be faster, the server
    says that it cannot listen.
    """
    is_short = len(bytes(sockets / f".s.PGSQL.{PORT}")) <= MAX_SOCKET_PATH_BYTES
    if is_short and not set(str(sockets)) & set(',"'):
        return Address(host=str(sockets), port=PORT)
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return Address(host=LOOPBACK, port=probe.getsockname()[1])
