"""
Digest, the pure part: one journal record to the events and ledger entries that it makes.

    decode → frame → scrub → normalise → filter → symbolicate → group → thin out storms → row

A bad item is dropped with its reason and its siblings are kept; only a record that cannot be read
as a whole raises. Nothing here reads a clock or a database: the same record always gives the same
under the same policy, of which uploaded source maps are a part.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

import msgspec

from mesher.errors import ProtocolError, TooLarge
from mesher.grouping.fingerprint import Grouping
from mesher.grouping.versions import Grouper
from mesher.ingest.admission import reason_refused
from mesher.ingest.companions import Sent, companion_reader, is_bare_minidump
from mesher.ingest.filters import matching_filter
from mesher.ingest.journal import Record, RecordKind
from mesher.ingest.known_issues import KnownIssues
from mesher.ingest.refusals import read_refusals
from mesher.ingest.rows import event_row
from mesher.ingest.scrubbed import scrub_feedback, scrubbed_event
from mesher.ingest.spike import Storm, keep_event
from mesher.protocol.client_report import read_client_report
from mesher.protocol.encoding import decode_body, decode_store_body
from mesher.protocol.envelope import Item, parse_envelope
from mesher.protocol.event import Event
from mesher.protocol.limits import MAX_ENVELOPE_BYTES, MAX_EVENT_BYTES
from mesher.protocol.minidump import minidump_event
from mesher.protocol.native import sentry_payload
from mesher.protocol.outcomes import DropReason, item_category
from mesher.protocol.security import complete_report, parse_security_reports
from mesher.protocol.timestamps import parse_timestamp, parse_timestamp_text
from mesher.storage.companions import Companions
from mesher.storage.ledger import OutcomeKey, hour_of
from mesher.storage.new_events import NewEvent
from mesher.symbolication.outcome import Awaited, Outcome
from mesher.values.ingest_settings import IngestSettings

_EVENT_CATEGORY = "error"
_REPORT_CATEGORY = item_category("client_report")
_MINUTE_US = 60_000_000
# Items of an envelope whose payload is looked at here.
_READ_ITEMS = frozenset(["event", "security", "client_report"])
# What only the payload tells to be no error: old clients send transactions to the store endpoint.
_TYPES_NOT_KEPT = frozenset(["transaction", "feedback"])


class _Found(NamedTuple):
    """One item of a record: an event's payload with the id it was given, or something else."""

    category: str
    payload: bytes | None  # of an event or a client report; None: nothing that Mesher keeps
    event_id: str | None
    sent_at: float | None  # the client's clock when it sent; seconds since the epoch
    read_companion: Callable[[Record], Companions] | None = None  # of what is kept beside events


class Digested(NamedTuple):
    """What a record makes."""

    events: list[NewEvent]
    outcomes: Counter[OutcomeKey]
    companions: Companions
    awaited: set[Awaited]  # that the events' frames need and nobody has uploaded


Symbolicate = Callable[[Event, uuid.UUID], Outcome]


class Policy(NamedTuple):
    """What a project wants of what it is sent."""

    settings: IngestSettings = IngestSettings()
    storm: Storm | None = None  # what spike protection knows of it; where it is on
    grouper: Grouper = Grouper()
    known_issues: KnownIssues | None = (
        None  # None: each event is looked for by all its fingerprints
    )
    symbolicate: Symbolicate | None = None  # maps the frames of an event to their source, in place


TAKE_ALL = Policy()


def digest_record(record: Record, policy: Policy = TAKE_ALL) -> Digested:
    """
    Turn a record into rows.

    Args:
        record: as receive appended it.
        policy: the project's; its storm and known issues are changed.

    Raises:
        ProtocolError: the record's body cannot be decoded or framed; receive checks both, so this
            means that the record is damaged or that the limits have changed.
    """
    work = _Work(record, policy)
    if record.kind == "refusals":
        for category, reason, quantity in read_refusals(record):
            work.drop(category, reason, quantity)
    else:
        for found in _ITEMS[record.kind](record):
            work.take(found)
        work.drop_attachments_of_unwanted_event()
    return work.digested


class _Work:
    """One record while it is digested."""

    def __init__(self, record: Record, policy: Policy) -> None:
        self._record = record
        self._policy = policy
        self._hour = hour_of(record.received_at_us)
        self._unwanted = ""  # why the event was dropped
        self.digested = Digested([], Counter(), Companions(), set())

    def count(self, category: str, outcome: str, reason: str = "", quantity: int = 1) -> None:
        key = OutcomeKey(self._record.project_id, self._hour, category, outcome, reason)
        self.digested.outcomes[key] += quantity

    def drop(self, category: str, reason: str, quantity: int = 1) -> None:
        self.count(category, "accepted", "", quantity)
        self.count(category, "dropped", reason, quantity)

    def take(self, found: _Found) -> None:
        refused = reason_refused(self._record.refused, found.category, found.event_id or "")
        try:
            if refused:
                self.drop(found.category, refused)
            elif found.read_companion is not None:
                companions = found.read_companion(self._record)
                scrub_feedback(companions.feedback, self._policy.settings)
                self.digested.companions.extend(companions)
                self.count(found.category, "accepted")
            elif found.payload is None:
                self.drop(found.category, "not_kept")
            elif found.category == _REPORT_CATEGORY:
                self._take_report(found.payload)
            else:
                self._take_event(found, found.payload)
        except TooLarge:
            self.drop(found.category, "too_large")
        except ProtocolError:
            self.drop(found.category, "invalid")

    def drop_attachments_of_unwanted_event(self) -> None:
        """Attachments belong to their event, whichever of them comes first."""
        if self._unwanted:
            for _ in self.digested.companions.attachments:
                self.count("attachment", "dropped", self._unwanted)
            self.digested.companions.attachments.clear()

    def _take_report(self, payload: bytes) -> None:
        for category, reason, quantity in read_client_report(payload):
            self.count(category, "client_discarded", reason, quantity)
        self.count(_REPORT_CATEGORY, "accepted")
        self.count(_REPORT_CATEGORY, "stored")

    def _take_event(self, found: _Found, payload: bytes) -> None:
        event = scrubbed_event(
            self._record,
            payload,
            self._policy.settings,
            event_id=found.event_id,
            sent_at=found.sent_at,
        )
        if event.type in _TYPES_NOT_KEPT:
            self.drop(item_category(event.type), "not_kept")
            return
        if reason := matching_filter(event, self._policy.settings):
            self._drop_event(found, reason)
            return
        symbolicate = self._policy.symbolicate
        outcome = symbolicate(event, self._record.project_id) if symbolicate else None
        grouping = self._policy.grouper.group(event)
        if self._is_thinned(grouping):
            self._drop_event(found, "spike")
            return
        self.count(found.category, "accepted")
        row = event_row(event, grouping, self._record, category=found.category)
        row.other_fingerprints = self._other_fingerprints(event, grouping)
        self.digested.events.append(row)
        if outcome is not None and outcome.awaited:
            self.digested.awaited.update(outcome.awaited)

    def _drop_event(self, found: _Found, reason: DropReason) -> None:
        self._unwanted = reason
        self.drop(found.category, reason)

    def _other_fingerprints(self, event: Event, grouping: Grouping) -> tuple[str, ...]:
        known, project_id = self._policy.known_issues, self._record.project_id
        if known is not None and known.has(project_id, grouping.fingerprint):
            return ()
        others = self._policy.grouper.other_fingerprints(event, grouping)
        if known is not None:
            known.add(project_id, grouping.fingerprint)
        return others

    def _is_thinned(self, grouping: Grouping) -> bool:
        storm = self._policy.storm
        return storm is not None and not keep_event(
            storm,
            grouping.fingerprint,
            minute=self._record.received_at_us // _MINUTE_US,
            factor=self._policy.settings.spike_factor,
        )


def _envelope_items(record: Record) -> Iterator[_Found]:
    data = decode_body(record.body, record.content_encoding, max_bytes=MAX_ENVELOPE_BYTES)
    envelope = parse_envelope(data)
    sent_at = parse_timestamp(envelope.header.sent_at) or _sent_at(record)
    event_id = record.event_ids[0] if record.event_ids else None
    if is_bare_minidump(envelope.items):
        yield _Found(_EVENT_CATEGORY, msgspec.json.encode(minidump_event({})), event_id, sent_at)
    for item in envelope.items:
        if item.type == "raw_security":
            yield from _raw_security_items(item, event_id or "")
            continue
        payload = item.payload if item.type in _READ_ITEMS else None
        reader = companion_reader(item, envelope.items)
        read = partial(reader, Sent(item, sent_at)) if reader else None
        yield _Found(item_category(item.type), payload, event_id, sent_at, read)


def _raw_security_items(item: Item, event_id: str) -> Iterator[_Found]:
    """A browser's reports within an envelope; the first has the envelope's id."""
    try:
        reports = parse_security_reports(item.payload, content_type="application/json")
    except ProtocolError:
        yield _Found("security", b"", event_id, None)  # counted as invalid
        return
    for number, report in enumerate(reports):
        own_id = uuid.uuid5(uuid.UUID(event_id), str(number)).hex if number else event_id
        yield _Found("security", msgspec.json.encode(report), own_id, None)


def _store_item(record: Record) -> Iterator[_Found]:
    data = decode_body(record.body, record.content_encoding, max_bytes=MAX_EVENT_BYTES)
    payload = decode_store_body(data, max_bytes=MAX_EVENT_BYTES)
    yield _Found(_EVENT_CATEGORY, payload, record.event_ids[0], _sent_at(record))


def _sent_at(record: Record) -> float | None:
    """When the client sent, as its credentials say it."""
    return parse_timestamp_text(record.context.get("sentry_timestamp", ""))


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
