"""
Digest, the pure part: journal records to the events and ledger entries that they make.

    decode → frame → scrub → normalise → filter → symbolicate → group → thin out storms → row

A bad item is dropped with its reason and its siblings are kept; only a record that cannot be read
as a whole raises. Nothing here reads a clock or a database: the same record always gives the same
under the same policy, of which uploaded source maps are a part.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from mesher.errors import ProtocolError, TooLarge
from mesher.grouping.fingerprint import Grouping
from mesher.grouping.versions import Grouper
from mesher.ingest.admission import reason_refused
from mesher.ingest.filters import matching_filter
from mesher.ingest.items import Found, read_items
from mesher.ingest.journal import Record
from mesher.ingest.known_issues import KnownIssues
from mesher.ingest.refusals import read_refusals
from mesher.ingest.rows import event_row
from mesher.ingest.scrubbed import note_findings, scrub_feedback
from mesher.ingest.spike import Storm, keep_event
from mesher.protocol.client_report import read_client_report
from mesher.protocol.event import Event
from mesher.protocol.normalize import event_from_payload
from mesher.protocol.outcomes import DropReason, item_category
from mesher.scrubbing.addresses import treat_address
from mesher.scrubbing.payload import Finding, scrub_payload
from mesher.scrubbing.rules import Rules, rules_of
from mesher.storage.companions import Companions
from mesher.storage.ledger import OutcomeKey, hour_of
from mesher.storage.new_events import NewEvent
from mesher.symbolication.outcome import Awaited, Outcome
from mesher.values.ingest_settings import IngestSettings

# Records that go through each step together: with 8 to 32 a step saves most, and what they hold still
# fits into the processor's second cache.
HAND_RECORDS = 16
# Bytes of JSON of their events, which take about ten times as much as objects.
HAND_BYTES = 1024**2

_REPORT_CATEGORY = item_category("client_report")
_MINUTE_US = 60_000_000
# What only the payload tells to be no error: old clients send transactions to the store endpoint.
_TYPES_NOT_KEPT = frozenset(["transaction", "feedback"])


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
    [digested] = digest_records([(record, policy)])
    if isinstance(digested, Exception):
        raise digested
    return digested


def digest_records(
    records: Iterable[tuple[Record, Policy]],
) -> Iterator[Digested | Exception]:
    """
    Turn records into rows, some of them together: each goes through one step before the first goes
    through the next, so that the code and the tables of a step are still in the processor's caches
    for the next record. That saves a tenth of the time.

    Args:
        records: each with the policy of its project, as for ``digest_record``.

    Returns:
        For each record, in order, what it makes, or what is wrong with it.
    """
    hand: list[_Work] = []
    size = 0
    for record, policy in records:
        work = _Work(record, policy)
        work.go_through(_Work.read)
        hand.append(work)
        size += work.size
        if len(hand) == HAND_RECORDS or size >= HAND_BYTES:
            yield from _finish(hand)
            hand, size = [], 0
    yield from _finish(hand)


def _finish(hand: Sequence[_Work]) -> Iterator[Digested | Exception]:
    for step in (_Work.scrub, _Work.normalise, _Work.decide, _Work.make_rows):
        for work in hand:
            work.go_through(step)
    for work in hand:
        yield work.failure or work.digested


class _Pending:
    """An event of a record, and what it has become so far."""

    __slots__ = ("category", "event", "event_id", "findings", "grouping", "payload", "sent_at")

    def __init__(self, found: Found, payload: bytes) -> None:
        self.category = found.category
        self.event_id = found.event_id
        self.sent_at = found.sent_at
        self.payload = payload
        self.findings: Counter[Finding] = Counter()
        self.event: Event
        self.grouping: Grouping


class _Work:
    """One record while it is digested, step by step; a step that fails is the last."""

    def __init__(self, record: Record, policy: Policy) -> None:
        self._record = record
        self._policy = policy
        self._hour = hour_of(record.received_at_us)
        self._unwanted = ""  # why the event was dropped
        self._pending: list[_Pending] = []
        self._rules: Rules | None = None
        self.failure: Exception | None = None
        self.digested = Digested([], Counter(), Companions(), set())

    @property
    def size(self) -> int:
        """Bytes of what is still to be done."""
        return sum(len(one.payload) for one in self._pending)

    def go_through(self, step: Callable[[_Work], None]) -> None:
        """Take a step, unless one before it failed."""
        if self.failure is None:
            try:
                step(self)
            except Exception as error:  # noqa: BLE001 - handed on to whoever asked for the record
                self.failure = error

    def read(self) -> None:
        """Cut the record into its items, and count what is no event."""
        if self._record.kind == "refusals":
            for category, reason, quantity in read_refusals(self._record):
                self._drop(category, reason, quantity)
        else:
            for found in read_items(self._record):
                self._take(found)

    def scrub(self) -> None:
        """Remove secrets from the events' bytes."""
        self._rules = rules_of(self._policy.settings)
        if self._rules is not None:
            for one in self._pending:
                one.payload, one.findings = scrub_payload(one.payload, self._rules)

    def normalise(self) -> None:
        """Make events of bytes; those that are none, or none that Mesher keeps, are dropped."""
        waiting, self._pending = self._pending, []
        for one in waiting:
            try:
                one.event = self._event_of(one)
            except ProtocolError:
                self._drop(one.category, "invalid")
                continue
            if one.event.type in _TYPES_NOT_KEPT:
                self._drop(item_category(one.event.type), "not_kept")
            elif reason := matching_filter(one.event, self._policy.settings):
                self._drop_event(one, reason)
            else:
                self._pending.append(one)

    def decide(self) -> None:
        """Find the issues of the events, which a storm may thin out."""
        waiting, self._pending = self._pending, []
        symbolicate = self._policy.symbolicate
        for one in waiting:
            if symbolicate is not None:
                outcome = symbolicate(one.event, self._record.project_id)
                self.digested.awaited.update(outcome.awaited)
            one.grouping = self._policy.grouper.group(one.event)
            if self._is_thinned(one.grouping):
                self._drop_event(one, "spike")
            else:
                self._pending.append(one)

    def make_rows(self) -> None:
        """Make the rows of what is left."""
        for one in self._pending:
            self._count(one.category, "accepted")
            row = event_row(one.event, one.grouping, self._record, category=one.category)
            row.other_fingerprints = self._other_fingerprints(one.event, one.grouping)
            self.digested.events.append(row)
        if self._unwanted:  # attachments belong to their event, whichever of them comes first
            for _ in self.digested.companions.attachments:
                self._count("attachment", "dropped", self._unwanted)
            self.digested.companions.attachments.clear()

    def _count(self, category: str, outcome: str, reason: str = "", quantity: int = 1) -> None:
        key = OutcomeKey(self._record.project_id, self._hour, category, outcome, reason)
        self.digested.outcomes[key] += quantity

    def _drop(self, category: str, reason: str, quantity: int = 1) -> None:
        self._count(category, "accepted", "", quantity)
        self._count(category, "dropped", reason, quantity)

    def _take(self, found: Found) -> None:
        refused = reason_refused(self._record.refused, found.category, found.event_id or "")
        try:
            if refused:
                self._drop(found.category, refused)
            elif found.read_companion is not None:
                companions = found.read_companion(self._record)
                scrub_feedback(companions.feedback, self._policy.settings)
                self.digested.companions.extend(companions)
                self._count(found.category, "accepted")
            elif found.payload is None:
                self._drop(found.category, "not_kept")
            elif found.category == _REPORT_CATEGORY:
                self._take_report(found.payload)
            else:
                self._pending.append(_Pending(found, found.payload))
        except TooLarge:
            self._drop(found.category, "too_large")
        except ProtocolError:
            self._drop(found.category, "invalid")

    def _take_report(self, payload: bytes) -> None:
        for category, reason, quantity in read_client_report(payload):
            self._count(category, "client_discarded", reason, quantity)
        self._count(_REPORT_CATEGORY, "accepted")
        self._count(_REPORT_CATEGORY, "stored")

    def _event_of(self, one: _Pending) -> Event:
        record, rules = self._record, self._rules
        client_ip = treat_address(record.client_ip, rules.addresses) if rules else record.client_ip
        event = event_from_payload(
            one.payload,
            event_id=one.event_id,
            received_at=record.received_at_us / 1e6,
            sent_at=one.sent_at,
            client=record.client or None,
            client_ip=client_ip or None,
        )
        note_findings(event, one.findings, rules)
        return event

    def _drop_event(self, one: _Pending, reason: DropReason) -> None:
        self._unwanted = reason
        self._drop(one.category, reason)

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
