"""The ``payload`` column: the whole normalised event, compressed."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec
import zstandard

from mesher.protocol.event import Event
from mesher.protocol.parse import parse_event

_decoder = msgspec.json.Decoder(Event)


def decode_payload(payload: bytes, *, event_id: uuid.UUID, received_at: datetime) -> Event:
    """
    The event that a row's payload holds.

    Args:
        payload: as it is stored.
        event_id: of the row, as is ``received_at``.
        received_at: the time of an event that has none it could be read by.
    """
    unpacked = zstandard.decompress(payload)
    try:
        return _decoder.decode(unpacked)
    except msgspec.ValidationError:
        # Stored when a limit was wider than it is now: what is over it is cut, as on arrival.
        event, notes = parse_event(
            unpacked, event_id=event_id.hex, default_timestamp=received_at.timestamp()
        )
        event.errors = notes.errors
        return event
