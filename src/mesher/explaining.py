"""
Why stored events and issues are grouped as they are: what was kept when they came, and what only
the whole event tells, computed when it is asked for.
"""

from __future__ import annotations

import uuid

import msgspec

from mesher.grouping.account import Account, Comparison, account, compare
from mesher.grouping.explanation import Explanation
from mesher.grouping.fingerprint import Grouping, group
from mesher.storage.events import full_event
from mesher.types import Event, Issue

_FALLBACK = Explanation(variant="fallback", parts=[])


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """Why an event, or the events of an issue, belong there."""

    issue_id: uuid.UUID
    fingerprint: str
    account: Account
    # Whether the event (of an issue its latest) would get the fingerprint that it has today too:
    # rules and algorithm may have changed.
    is_current: bool


def grouping_of(stored: Event) -> Grouping:
    """How a stored event is grouped today."""
    return group(full_event(stored))


def explain_event(stored: Event) -> Explained:
    """Why an event has its fingerprint."""
    event = full_event(stored)
    grouping = group(event)
    return Explained(
        issue_id=stored.issue_id,
        fingerprint=stored.fingerprint,
        account=account(grouping.explanation, event),
        is_current=grouping.fingerprint == stored.fingerprint,
    )


def explain_issue(issue: Issue, sample: Event | None) -> Explained:
    """
    What made the events of an issue one.

    Args:
        issue: its explanation is that of its first event.
        sample: one of its events, which tells what was replaced in texts; ``None`` where none is
            kept any more.
    """
    event = full_event(sample) if sample else None
    explanation = explanation_of(issue, sample)
    return Explained(
        issue_id=issue.id,
        fingerprint=issue.fingerprint,
        account=account(explanation, event),
        is_current=sample is None or grouping_of(sample).fingerprint == sample.fingerprint,
    )


def compare_issues(
    one: Issue, other: Issue, samples: tuple[Event | None, Event | None]
) -> Comparison:
    """
    Where two issues differ.

    Args:
        one: an issue.
        other: another.
        samples: an event of each, for issues that were stored without an explanation.
    """
    return compare(explanation_of(one, samples[0]), explanation_of(other, samples[1]))


def explanation_of(issue: Issue, sample: Event | None) -> Explanation:
    """The explanation that an issue keeps, else that of one of its events."""
    kept = (issue.grouping or {}).get("explanation")
    if kept is not None:
        return msgspec.convert(kept, Explanation)
    return grouping_of(sample).explanation if sample else _FALLBACK
