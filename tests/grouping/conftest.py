"""How the tests of this folder make events: from payloads, as they come."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

from mesher.grouping.fingerprint import Grouping, group
from mesher.protocol.event import Event
from mesher.protocol.normalize import event_from_payload

# How long an example takes says more of the machine than of the code.
settings.register_profile("mesher", deadline=None)
settings.load_profile("mesher")


def event_of(payload: dict[str, Any]) -> Event:
    """The normalised event of a payload."""
    return event_from_payload(
        json.dumps(payload).encode(),
        event_id="9ec79c33ec9942ab8353589fcb2e04dc",
        received_at=1_795_534_440.0,
        sent_at=None,
        client=None,
        client_ip=None,
    )


@pytest.fixture
def event() -> Callable[..., Event]:
    """Makes an event of the attributes of its payload."""
    return lambda **payload: event_of(payload)


@pytest.fixture
def grouped() -> Callable[..., Grouping]:
    """Groups an event, given by the attributes of its payload."""
    return lambda **payload: group(event_of(payload))


@pytest.fixture
def parts() -> Callable[[Grouping], list[str]]:
    """The values that decided, in order."""
    return lambda grouping: [part.value for part in grouping.explanation.parts]
