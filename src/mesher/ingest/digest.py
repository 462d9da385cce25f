"""
Digest, the pure part: one journal record to the events and ledger entries that it makes.

    decode → frame → normalise → group → row

A bad item is dropped with its reason and its siblings are kept; only a record that cannot be read
as a whole raises. Nothing here reads a clock or a database: the same record always gives the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from mesher.errors import ProtocolError, TooLarge
from mesher.grouping.fingerprint import group
from mesher.ingest.journal import Record, RecordKind
from mesher.ingest.rows import event_row
from mesher.protocol.encoding import decode_body, decode_store_body
from mesher.protocol.envelope import parse_envelope
from mesher.protocol.event import Event
from mesher.protocol.limits import MAX_ENVELOPE_BYTES, MAX_EVENT_BYTES
from mesher.protocol.native import sentry_payload
from mesher.protocol.normalize import event_from_payload
from mesher.protocol.outcomes import item_category
from mesher.protocol.security import complete_report, parse_security_reports
from mesher.protocol.timestamps import parse_timestamp
from mesher.storage.ledger import OutcomeKey, hour_of
from mesher.storage.new_events import NewEvent

_EVENT_CATEGORY = "error"
# Items of an envelope that hold an event payload.
_EVENT_ITEMS = frozenset(["event", "security"])
# What only the payload tells to be no error: old clients send transactions to the store endpoint.
_TYPES_NOT_KEPT = frozenset(["transaction", "feedback"])


class _Found(NamedTuple):
    """One item of a record: an event's payload with the id it was given, or something else."""

    category: str
    payload: bytes | None  # None: not an event, or nothing that Mesher keeps
    event_id: str | None
    sent_at: float | None  # the client's clock when it sent; seconds since the epoch


class Digested(NamedTuple):
    """What a record makes."""

    events: list[NewEvent]
    outcomes: Counter[OutcomeKey]


def digest_record(record: Record) -> Digested:
    """
    Turn a record into rows.

    Raises:
        ProtocolError: the record's body cannot be decoded or framed; receive checks both, so this
            means that the record is damaged or that the limits have changed.
    """
    outcomes: Counter[OutcomeKey] = Counter()
    events: list[NewEvent] = []
    hour = hour_of(record.received_at_us)

    def count(category: str, outcome: str, reason: str = "") -> None:
        outcomes[OutcomeKey(record.project_id, hour, category, outcome, reason)] += 1

    def drop(category: str, reason: str) -> None:
        count(category, "accepted")
        count(category, "dropped", reason)

    for found in _ITEMS[record.kind](record):
        if found.payload is None:
            drop(found.category, "not_kept")
            continue
        try:
            event = _normalized(record, found, found.payload)
        except TooLarge:
            drop(found.category, "too_large")
        except ProtocolError:
            drop(found.category, "invalid")
        else:
            if event.type in _TYPES_NOT_KEPT:
                drop(item_category(event.type), "not_kept")
            else:
                count(found.category, "accepted")
                events.append(event_row(event, group(event), record, category=found.category))
    return Digested(events, outcomes)


def _normalized(record: Record, found: _Found, payload: bytes) -> Event:
    return event_from_payload(
        payload,
        event_id=found.event_id,
        received_at=record.received_at_us / 1e6,
        sent_at=found.sent_at,
        client=record.client or None,
        client_ip=record.client_ip or None,
    )


def _envelope_items(record: Record) -> Iterator[_Found]:
    data = decode_body(record.body, record.content_encoding, max_bytes=MAX_ENVELOPE_BYTES)
    envelope = parse_envelope(data)
    sent_at = parse_timestamp(envelope.header.sent_at)
    event_id = record.event_ids[0] if record.event_ids else None
    for item in envelope.items:
        payload = item.payload if item.type in _EVENT_ITEMS else None
        yield _Found(item_category(item.type), payload, event_id, sent_at)


def _store_item(record: Record) -> Iterator[_Found]:
    data = decode_body(record.body, record.content_encoding, max_bytes=MAX_EVENT_BYTES)
    payload = decode_store_body(data, max_bytes=MAX_EVENT_BYTES)
    yield _Found(_EVENT_CATEGORY, payload, record.event_ids[0], None)


def _native_items(record: Record) -> Iterator[_Found]:
    data = decode_body(record.body, record.content_encoding, max_bytes=MAX_ENVELOPE_BYTES)
    is_bulk = data.lstrip().startswith(b"[")
    payloads = msgspec.json.decode(data, type=list[msgspec.Raw]) if is_bulk else [data]
    for payload, event_id in zip(payloads, record.event_ids, strict=True):
        yield _Found(_EVENT_CATEGORY, sentry_payload(bytes(payload)), event_id, None)


def _security_items(record: Record) -> Iterator[_Found]:
    data = decode_body(record.body, record.content_encoding, max_bytes=MAX_EVENT_BYTES)
    reports = parse_security_reports(data, content_type=record.context.get("content-type", ""))
    for report, event_id in zip(reports, record.event_ids, strict=True):
        completed = complete_report(report, record.context)
        yield _Found("security", msgspec.json.encode(completed), event_id, None)


_ITEMS: dict[RecordKind, Callable[[Record], Iterable[_Found]]] = {
    "envelope": _envelope_items,
    "store": _store_item,
    "native": _native_items,
    "security": _security_items,
}
