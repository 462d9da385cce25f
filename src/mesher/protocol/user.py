"""The user whom an event affected, and the address it came from."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Any

from mesher.protocol import limits
from mesher.protocol.event import User
from mesher.protocol.free_form import flatten
from mesher.protocol.lenient import Notes, StructReader, convert, shorten

AUTO_ADDRESS = "{{auto}}"  # asks for the address that the event is sent from


def read_user(value: Any, notes: Notes) -> User | None:
    """Read the user; keys that the protocol does not name go into ``data``."""
    if isinstance(value, dict):
        value = {key: inner for key, inner in value.items() if inner not in (None, "")}
    user = _read_user(value, notes, "user")
    if user is None:
        return None
    others = {key: inner for key, inner in value.items() if key not in _KNOWN}
    data = _small({**(user.data or {}), **others}, notes, "user.data")
    user.data = data or None
    return None if user == _NOBODY else user


@lru_cache(maxsize=4096)  # behind a proxy or in a cluster, few addresses send most events
def parse_address(text: str) -> str | None:
    """An IPv4 or IPv6 address in its usual spelling; ``None`` for anything else."""
    if len(text) > limits.ADDRESS_CHARACTERS[0]:
        return None
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return None


def user_tag(user: User | None) -> str | None:
    """The identity by which users are counted: ``id:…``, ``username:…``, ``email:…`` or ``ip:…``."""
    if user is None:
        return None
    if user.id:
        return f"id:{user.id}"
    if user.username:
        return f"username:{user.username}"
    if user.email:
        return f"email:{user.email}"
    return f"ip:{user.ip_address}" if user.ip_address else None


def _read_address(value: Any, notes: Notes, path: str) -> str | None:
    text = value if isinstance(value, str) else ""
    address = AUTO_ADDRESS if text == AUTO_ADDRESS else parse_address(text)
    if address is None:
        notes.invalid(path, value)
    return address


def _read_map(value: Any, notes: Notes, path: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = convert(dict[str, Any], value, notes, path)
    return (_small(found, notes, path) or None) if found else None


def _small(value: dict[str, Any], notes: Notes, path: str) -> dict[str, Any]:
    bag: dict[str, Any] = shorten(
        flatten(value, limits.SMALL_BAG[1]), limits.SMALL_BAG, notes, path
    )
    return bag


_NOBODY = User()
_KNOWN = frozenset(User.__struct_fields__)
_read_user = StructReader(User, {"ip_address": _read_address, "geo": _read_map, "data": _read_map})
