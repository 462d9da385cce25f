"""
A record to its items: the events in it with the ids that they were given, and everything else.

    decode → frame → items
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

import msgspec

from mesher.errors import ProtocolError
from mesher.ingest.companions import Sent, companion_reader, is_bare_minidump
from mesher.ingest.journal import Record, RecordKind
from mesher.protocol.encoding import decode_body, decode_store_body
from mesher.protocol.envelope import Item, parse_envelope
from mesher.protocol.limits import MAX_ENVELOPE_BYTES, MAX_EVENT_BYTES
from mesher.protocol.minidump import minidump_event
from mesher.protocol.native import sentry_payload
from mesher.protocol.outcomes import item_category
from mesher.protocol.security import complete_report, parse_security_reports
from mesher.protocol.timestamps import parse_timestamp, parse_timestamp_text
from mesher.storage.companions import Companions

EVENT_CATEGORY = "error"
# Items of an envelope whose payload is looked at in digest.
_READ_ITEMS = frozenset(["event", "security", "client_report"])


class Found(NamedTuple):
    """One item of a record: an event's payload with the id it was given, or something else."""

    category: str
    payload: bytes | None  # of an event or a client report; None: nothing that Mesher keeps
    event_id: str | None
    sent_at: float | None  # the client's clock when it sent; seconds since the epoch
    read_companion: Callable[[Record], Companions] | None = None  # of what is kept beside events


def read_items(record: Record) -> Iterable[Found]:
    """
    The items of a record of any kind but ``refusals``.

    Raises:
        ProtocolError: the record's body cannot be decoded or framed.
    """
    return _ITEMS[record.kind](record)


def _envelope_items(record: Record) -> Iterator[Found]:
    data = decode_body(record.body, record.content_encoding, max_bytes=MAX_ENVELOPE_BYTES)
    envelope = parse_envelope(data)
    sent_at = parse_timestamp(envelope.header.sent_at) or _sent_at(record)
    event_id = record.event_ids[0] if record.event_ids else None
    if is_bare_minidump(envelope.items):
        yield Found(EVENT_CATEGORY, msgspec.json.encode(minidump_event({})), event_id, sent_at)
    for item in envelope.items:
        if item.type == "raw_security":
            yield from _raw_security_items(item, event_id or "")
            continue
        payload = item.payload if item.type in _READ_ITEMS else None
        reader = companion_reader(item, envelope.items)
        read = partial(reader, Sent(item, sent_at)) if reader else None
        yield Found(item_category(item.type), payload, event_id, sent_at, read)


def _raw_security_items(item: Item, event_id: str) -> Iterator[Found]:
    """A browser's reports within an envelope; the first has the envelope's id."""
    try:
        reports = parse_security_reports(item.payload, content_type="application/json")
    except ProtocolError:
        yield Found("security", b"", event_id, None)  # counted as invalid
        return
    for number, report in enumerate(reports):
        own_id = uuid.uuid5(uuid.UUID(event_id), str(number)).hex if number else event_id
        yield Found("security", msgspec.json.encode(report), own_id, None)


def _store_item(record: Record) -> Iterator[Found]:
    data = decode_body(record.body, record.content_encoding, max_bytes=MAX_EVENT_BYTES)
    payload = decode_store_body(data, max_bytes=MAX_EVENT_BYTES)
    yield Found(EVENT_CATEGORY, payload, record.event_ids[0], _sent_at(record))


def _sent_at(record: Record) -> float | None:
    """When the client sent, as its credentials say it."""
    return parse_timestamp_text(record.context.get("sentry_timestamp", ""))


def _native_items(record: Record) -> Iterator[Found]:
    data = decode_body(record.body, record.content_encoding, max_bytes=MAX_ENVELOPE_BYTES)
    is_bulk = data.lstrip().startswith(b"[")
    payloads = msgspec.json.decode(data, type=list[msgspec.Raw]) if is_bulk else [data]
    for payload, event_id in zip(payloads, record.event_ids, strict=True):
        yield Found(EVENT_CATEGORY, sentry_payload(bytes(payload)), event_id, None)


def _security_items(record: Record) -> Iterator[Found]:
    data = decode_body(record.body, record.content_encoding, max_bytes=MAX_EVENT_BYTES)
    reports = parse_security_reports(data, content_type=record.context.get("content-type", ""))
    for report, event_id in zip(reports, record.event_ids, strict=True):
        completed = complete_report(report, record.context)
        yield Found("security", msgspec.json.encode(completed), event_id, None)


_ITEMS: dict[RecordKind, Callable[[Record], Iterable[Found]]] = {
    "envelope": _envelope_items,
    "store": _store_item,
    "native": _native_items,
    "security": _security_items,
}
