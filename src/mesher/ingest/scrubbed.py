"""
Events and feedback without their secrets: the step of digest that knows the project's rules.

Scrubbing comes before everything that reads an event, so that no tag, title or fingerprint is made of
a secret.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from mesher.protocol.event import Event, EventError
from mesher.protocol.limits import LINE_CHARACTERS, MAX_ERRORS
from mesher.scrubbing.keys import LONGEST_KEY
from mesher.scrubbing.payload import SCRUBBED_NOTE, Finding
from mesher.scrubbing.rules import Rules, rules_of
from mesher.scrubbing.text import scrub_text
from mesher.storage.new_feedback import NewFeedback
from mesher.values.ingest_settings import IngestSettings

# A page of notes helps nobody; the rest of them is left for what else was wrong with the event.
MAX_NOTED_FINDINGS = 20


def note_findings(event: Event, findings: Counter[Finding], rules: Rules | None) -> None:
    """
    Add to an event's notes what was scrubbed: the key as the name, what was found as the value.

    A key that is itself a secret is noted without it.
    """
    if not findings:
        return
    room = min(MAX_NOTED_FINDINGS, MAX_ERRORS - len(event.errors))
    noted = {(error.name, error.value) for error in event.errors if error.type == SCRUBBED_NOTE}
    for finding, times in findings.most_common(room):
        key = _shown_key(finding.key, rules) if rules else finding.key
        what = finding.what if times == 1 else f"{finding.what}, {times} times"
        name = key[: LINE_CHARACTERS[0]]
        if (name, what) not in noted:
            event.errors.append(EventError(type=SCRUBBED_NOTE, name=name, value=what))


def _shown_key(key: str, rules: Rules) -> str:
    return (_shown if len(key) <= LONGEST_KEY else _scrubbed)(key, rules)


def _scrubbed(text: str, rules: Rules) -> str:
    return scrub_text(text, rules, _forget)


_shown = lru_cache(maxsize=4096)(_scrubbed)  # keys come again and again; with both texts 1 MB


def scrub_feedback(feedback: Iterable[NewFeedback], settings: IngestSettings) -> None:
    """Remove secrets from what people wrote, in place; their address is given to be answered to."""
    rules = rules_of(settings)
    if rules is None:
        return
    for given in feedback:
        given.name = _scrubbed(given.name, rules)
        given.comments = _scrubbed(given.comments, rules)
        given.url = _scrubbed(given.url, rules)


def without_secrets(text: str) -> str:
    """A text of ours that may quote a client's, without what every project wants scrubbed."""
    rules = rules_of(IngestSettings())
    return _scrubbed(text, rules) if rules else text


def _forget(_key: str, _what: str) -> None:
    """What was found is of no interest."""
