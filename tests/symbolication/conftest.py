"""What the tests of symbolication share: builds of one program, made once."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from builds import Build, build
from mesher.protocol.event import Event
from mesher.protocol.normalize import event_from_payload

DEBUG_ID = uuid.UUID("85314830-023f-4cf1-a267-535f4e37bb17")
DEBUGGING_ID = uuid.UUID("0d3b2c1f-7f5e-4f6f-9f0e-5a1b7b1f3c55")
RECEIVED_AT = 1_780_000_000.0


@pytest.fixture(scope="session")
def minified(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The program minified, with a debug id."""
    return build(tmp_path_factory.mktemp("shop") / "dist", "app.js", debug_id=DEBUG_ID)


@pytest.fixture(scope="session")
def debugging(minified: Build) -> Build:
    """The same program as one runs it in a debugger, beside it."""
    return build(minified.path.parent, "debug.js", minify=False, debug_id=DEBUGGING_ID)


@pytest.fixture(scope="session")
def minified_event(minified: Build) -> dict[str, Any]:
    """What the SDK sends of the minified program."""
    return minified.event(RELEASE="shop@1.4.2")


@pytest.fixture(scope="session")
def debugging_event(debugging: Build) -> dict[str, Any]:
    """What the SDK sends of the other."""
    return debugging.event(RELEASE="shop@1.4.2")


@pytest.fixture(scope="session")
def normalized() -> Callable[[dict[str, Any]], Event]:
    """An event as digest has it before its frames are mapped."""

    def normalize(payload: dict[str, Any]) -> Event:
        return event_from_payload(
            json.dumps(payload).encode(),
            event_id=uuid.uuid4().hex,
            received_at=payload.get("timestamp", RECEIVED_AT),
            sent_at=None,
            client=None,
            client_ip=None,
        )

    return normalize
