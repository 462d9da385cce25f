"""How the tests of this folder normalise a payload."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

from mesher.protocol.event import Event
from mesher.protocol.normalize import event_from_payload

# How long an example takes says more of the machine than of the code.
settings.register_profile("mesher", deadline=None)
settings.load_profile("mesher")

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
RECEIVED_AT = 1_795_534_440.0  # 2026-11-24T15:34:00Z


@pytest.fixture
def read() -> Callable[..., Event]:
    """Normalises a payload, given as JSON text or as the value that it stands for."""

    def read_payload(payload: Any, **options: Any) -> Event:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        defaults = {
            "event_id": ID,
            "received_at": RECEIVED_AT,
            "sent_at": None,
            "client": None,
            "client_ip": None,
        }
        return event_from_payload(body, **{**defaults, **options})

    return read_payload


@pytest.fixture
def noted() -> Callable[[Event], list[tuple[str, str]]]:
    """The notes on an event: what was wrong, and where."""
    return lambda event: [(error.type, error.name) for error in event.errors]
