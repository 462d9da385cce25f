"""
Events and feedback without their secrets: the step of digest that knows the project's rules.

Scrubbing comes before everything that reads an event, so that no tag, title or fingerprint is made of
a secret.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mesher.ingest.journal import Record
from mesher.protocol.event import Event, EventError
from mesher.protocol.limits import LINE_CHARACTERS, MAX_ERRORS
from mesher.protocol.normalize import event_from_payload
from mesher.scrubbing.addresses import treat_address
from mesher.scrubbing.payload import SCRUBBED_NOTE, Finding, scrub_payload
from mesher.scrubbing.rules import Rules, rules_of
from mesher.scrubbing.text import scrub_text
from mesher.storage.new_feedback import NewFeedback
from mesher.values.ingest_settings import IngestSettings

# A page of notes helps nobody; the rest of them is left for what else was wrong with the event.
MAX_NOTED_FINDINGS = 20


def scrubbed_event(
    record: Record,
    payload: bytes,
    settings: IngestSettings,
    *,
    event_id: str | None,
    sent_at: float | None,
) -> Event:
    """
    The normalised event of a payload, with notes on what was scrubbed.

    Args:
        record: the journal record that it came in.
        payload: the JSON of the event as it was sent.
        settings: of its project.
        event_id: 32 hex digits; ``None`` takes the payload's own.
        sent_at: the client's clock when it sent; seconds since the epoch.

    Raises:
        ProtocolError: as ``event_from_payload``.
    """
    rules = rules_of(settings)
    findings: Counter[Finding] = Counter()
    client_ip = record.client_ip
    if rules is not None:
        payload, findings = scrub_payload(payload, rules)
        client_ip = treat_address(client_ip, rules.addresses)
    event = event_from_payload(
        payload,
        event_id=event_id,
        received_at=record.received_at_us / 1e6,
        sent_at=sent_at,
        client=record.client or None,
        client_ip=client_ip or None,
    )
    if findings:
        note_findings(event, findings, rules)
    return event


def note_findings(event: Event, findings: Counter[Finding], rules: Rules | None) -> None:
    """
    Add to an event's notes what was scrubbed: the key as the name, what was found as the value.

    A key that is itself a secret is noted without it.
    """
    room = min(MAX_NOTED_FINDINGS, MAX_ERRORS - len(event.errors))
    noted = {(error.name, error.value) for error in event.errors if error.type == SCRUBBED_NOTE}
    for finding, times in findings.most_common(room):
        key = scrub_text(finding.key, rules, _forget) if rules else finding.key
        what = finding.what if times == 1 else f"{finding.what}, {times} times"
        name = key[: LINE_CHARACTERS[0]]
        if (name, what) not in noted:
            event.errors.append(EventError(type=SCRUBBED_NOTE, name=name, value=what))


def scrub_feedback(feedback: Iterable[NewFeedback], settings: IngestSettings) -> None:
    """Remove secrets from what people wrote, in place; their address is given to be answered to."""
    rules = rules_of(settings)
    if rules is None:
        return
    for given in feedback:
        given.name = scrub_text(given.name, rules, _forget)
        given.comments = scrub_text(given.comments, rules, _forget)
        given.url = scrub_text(given.url, rules, _forget)


def without_secrets(text: str) -> str:
    """A text of ours that may quote a client's, without what every project wants scrubbed."""
    rules = rules_of(IngestSettings())
    return scrub_text(text, rules, _forget) if rules else text


def _forget(_key: str, _what: str) -> None:
    """What was found is of no interest."""
