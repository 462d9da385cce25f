"""The captured requests of ``tests/data``: what real SDKs sent, byte for byte."""

from __future__ import annotations

import functools
import json
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

from mesher.protocol.encoding import decode_body, decode_store_body
from mesher.protocol.envelope import parse_envelope

ARCHIVE = Path(__file__).parent / "data" / "captures.tar.xz"
# The key that all of them carry, as it stands in their DSN, and the project of most.
KEY = "a3f1c29be4d84f0c9e7b5d6c81f02e4a"
PROJECT_NUMBER = 1
_CEILING_BYTES = 10_000_000  # none of the bodies is as large when it is unpacked


class Capture(NamedTuple):
    """One request."""

    name: str  # number, SDK and case: 0001-py2.75-crash-zerodivision
    meta: dict[str, Any]  # data/README.md says what is in it
    body: bytes  # content coding not undone


@functools.cache
def read_captures() -> tuple[Capture, ...]:
    """All captured requests, in the order in which they were sent."""
    files: dict[str, bytes] = {}
    with tarfile.open(ARCHIVE) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                files[Path(member.name).name] = file.read()
    names = sorted(name.removesuffix(".json") for name in files if name.endswith(".json"))
    return tuple(
        Capture(name, json.loads(files[f"{name}.json"]), files[f"{name}.body"]) for name in names
    )


def event_payloads(capture: Capture) -> list[bytes]:
    """The JSON of the events in a captured request."""
    path = capture.meta["path"]
    if capture.meta["method"] != "POST" or not path.endswith(("/envelope/", "/store/")):
        return []
    data = decode_body(capture.body, capture.meta["content_encoding"], max_bytes=_CEILING_BYTES)
    if path.endswith("/store/"):
        return [decode_store_body(data, max_bytes=_CEILING_BYTES)]
    return [item.payload for item in parse_envelope(data).items if item.type == "event"]
