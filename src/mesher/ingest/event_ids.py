"""
The id of each event in a request, fixed at receipt: digesting the record again makes the same events.
"""

from __future__ import annotations

import uuid

import msgspec

from mesher.errors import ProtocolError
from mesher.ids import parse_uuid
from mesher.protocol.envelope import Envelope
from mesher.protocol.json_text import load_json
from mesher.protocol.outcomes import CARRIES_EVENT_ID
from mesher.values.event import EventPayload

# One bulk request is one journal record and is digested in one go.
MAX_BULK_EVENTS = 1000


class _EventIdOnly(msgspec.Struct):
    event_id: object = None


def envelope_event_ids(envelope: Envelope) -> list[str]:
    """The id that the envelope's items share: the header's, else the payload's, else a new one."""
    items = [item for item in envelope.items if item.type in CARRIES_EVENT_ID]
    if not items:
        return []
    given = parse_uuid(envelope.header.event_id)
    if given is None:
        return [payload_event_id(items[0].payload)]
    return [given.hex]


def payload_event_id(payload: bytes) -> str:
    """The id that an event's JSON names, or a new one; the rest of it is not looked at."""
    try:
        given = msgspec.json.decode(payload, type=_EventIdOnly).event_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        given = _event_id_in_loose_json(payload)
    return (parse_uuid(given) or uuid.uuid4()).hex


def _event_id_in_loose_json(payload: bytes) -> object:
    """The id in what only the lenient parser reads: halves of surrogate pairs, NaN and the like."""
    try:
        event = load_json(payload, "the event")
    except ProtocolError:  # what is wrong with the payload is for digest to say
        return None
    return event.get("event_id") if isinstance(event, dict) else None


def native_event_ids(body: bytes, *, bulk: bool) -> list[str]:
    """
    Validate one native event, or with ``bulk`` a list of them, and give each an id.

    Raises:
        ProtocolError: names the first field that does not fit.
    """
    return [_native_event_id(event.event_id) for event in _read_native_events(body, bulk=bulk)]


def _native_event_id(given: str | None) -> str:
    parsed = parse_uuid(given)
    if given is not None and parsed is None:
        raise ProtocolError(f"event_id {given!r} is not a uuid", field="event_id")
    return (parsed or uuid.uuid4()).hex


def _read_native_events(body: bytes, *, bulk: bool) -> list[EventPayload]:
    try:
        if not bulk:
            return [msgspec.json.decode(body, type=EventPayload)]
        events = msgspec.json.decode(body, type=list[EventPayload])
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `")
        raise ProtocolError(reason, field=path.rstrip("`").removeprefix("$").lstrip(".")) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"the body is not JSON: {error}") from error
    if len(events) > MAX_BULK_EVENTS:
        raise ProtocolError(
            f"{len(events)} events in one request; the limit is {MAX_BULK_EVENTS}",
            hint="send them in several requests",
        )
    return events
