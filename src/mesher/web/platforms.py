"""The SDKs that a new project can choose from: how each is set up, and an example of what it sends."""

from __future__ import annotations

import uuid
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from mesher.errors import ProtocolError


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An error as a program of a platform might have."""

    platform: str
    type: str
    value: str
    file: str
    function: str
    line: int
    source: str


class Platform(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language or framework."""

    key: str
    label: str
    install: str
    code: str  # with {dsn}, {url} and {key}
    example: Example


class _Catalogue(msgspec.Struct, frozen=True):
    platform: list[Platform]


@cache
def platforms() -> dict[str, Platform]:
    """All by their key, in the order of a list to choose from."""
    content = Path(__file__).with_name("platforms.toml").read_bytes()
    return {one.key: one for one in msgspec.toml.decode(content, type=_Catalogue).platform}


def find_platform(key: str) -> Platform:
    """
    The platform with a key.

    Raises:
        ProtocolError: there is none.
    """
    found = platforms().get(key)
    if found is None:
        raise ProtocolError("there is no such platform", hint="choose one of the list")
    return found


def guess_platform(name: str | None) -> Platform:
    """That of a project, as far as its name for it is one of ours; else the first."""
    return platforms().get(name or "") or next(iter(platforms().values()))


def example_event(platform: Platform) -> dict[str, Any]:
    """An event as an SDK of the platform would send it, marked as an example by a tag."""
    example = platform.example
    frame = {
        "filename": example.file,
        "function": example.function,
        "lineno": example.line,
        "context_line": example.source,
        "in_app": True,
    }
    return {
        "event_id": uuid.uuid4().hex,
        "platform": example.platform,
        "level": "error",
        "environment": "example",
        "release": "example@1.0.0",
        "tags": {"example": "yes"},
        "user": {"id": "1", "username": "example"},
        "exception": {
            "values": [
                {
                    "type": example.type,
                    "value": example.value,
                    "mechanism": {"type": "generic", "handled": False},
                    "stacktrace": {"frames": [frame]},
                }
            ]
        },
        "breadcrumbs": {
            "values": [{"category": "navigation", "message": "This event is an example."}]
        },
    }
