"""
The JSON of an event to the typed ``Event``, in every legacy and lenient form; nothing is derived
here (``normalize`` does that).

A well-formed event is decoded in one go. Of any other, each top-level attribute is decoded on its own,
into its type where it is well-formed, and attribute by attribute where it is not: one wrong value
costs neither its event nor the speed of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mesher.errors import ProtocolError
from mesher.ids import parse_uuid
from mesher.protocol.annotations import read_annotations
from mesher.protocol.attributes import read_attributes
from mesher.protocol.breadcrumbs import read_breadcrumbs
from mesher.protocol.contexts import read_contexts, read_extra
from mesher.protocol.debug_images import read_debug_meta
from mesher.protocol.event import Csp, Event, Frame
from mesher.protocol.exceptions import read_exceptions, read_threads
from mesher.protocol.json_text import clean_json, needs_cleaning
from mesher.protocol.lenient import Notes, StructReader
from mesher.protocol.payload import READ_BY_NAME, Payload, decode_payload, sent_values
from mesher.protocol.request import read_request
from mesher.protocol.software import read_modules, read_sdk
from mesher.protocol.stacktrace import read_event_stacktrace, read_frame
from mesher.protocol.timestamps import parse_timestamp
from mesher.protocol.user import read_user


def parse_event(
    payload: bytes, *, event_id: str | None, default_timestamp: float
) -> tuple[Event, Notes]:
    """
    Read an event.

    Args:
        payload: the JSON as a client sent it.
        event_id: 32 hex digits that win over the payload's own; ``None`` takes the payload's.
        default_timestamp: for events that name no time, seconds since the epoch.

    Returns:
        The event, and notes on what was dropped or cut.

    Raises:
        ProtocolError: the payload is not a JSON object, or neither it nor the caller has an id.
    """
    try:
        if needs_cleaning(payload):
            payload = clean_json(payload)
        try:
            return read_payload(decode_payload(payload), event_id, default_timestamp)
        except (msgspec.DecodeError, UnicodeDecodeError):
            payload = clean_json(payload)
            return read_payload(decode_payload(payload), event_id, default_timestamp)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ProtocolError(f"the event cannot be read: {error}") from error


def read_payload(
    sent: Payload, event_id: str | None, default_timestamp: float
) -> tuple[Event, Notes]:
    """As ``parse_event``, of a payload that is decoded."""
    notes = Notes()
    if event_id is not None and sent.event_id not in (None, event_id):
        _check_event_id(sent.event_id, notes)
    event = Event(
        event_id=event_id or _event_id(sent.event_id),
        timestamp=_timestamp(sent.timestamp, default_timestamp, notes),
    )
    read_attributes(event, sent, notes)
    for (name, read_value), given in zip(_IN_ORDER, sent_values(sent), strict=True):
        if given is not None and (read := read_value(given, notes)) is not None:
            setattr(event, name, read)
    return event, notes


def _check_event_id(given: Any, notes: Notes) -> None:
    """Note an id that is none; another one is overridden, as an envelope's header may."""
    if parse_uuid(given) is None:
        notes.invalid("event_id", given)


def _event_id(given: Any) -> str:
    parsed = parse_uuid(given)
    if parsed is None:
        raise ProtocolError(f"event_id {str(given)[:50]!r} is not a uuid", field="event_id")
    return parsed.hex


def _timestamp(given: Any, default: float, notes: Notes) -> float:
    if given is None:
        return default
    parsed = parse_timestamp(given)
    if parsed is None:
        notes.invalid("timestamp", given)
        return default
    return parsed


def _template(given: Any, notes: Notes) -> Frame | None:
    return read_frame(given, notes, "template")


def _csp(given: Any, notes: Notes) -> Csp | None:
    return _read_csp(given, notes, "csp")


_read_csp = StructReader(Csp, {})
_READERS: dict[str, Callable[[Any, Notes], Any]] = {
    "request": read_request,
    "user": read_user,
    "template": _template,
    "csp": _csp,
    "exception": read_exceptions,
    "stacktrace": read_event_stacktrace,
    "threads": read_threads,
    "breadcrumbs": read_breadcrumbs,
    "contexts": read_contexts,
    "extra": read_extra,
    "modules": read_modules,
    "sdk": read_sdk,
    "debug_meta": read_debug_meta,
    "meta": read_annotations,
}
_IN_ORDER = [(name, _READERS[name]) for name in READ_BY_NAME]
