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
from mesher.grouping.rules.ruleset import Rules, compile_rules
from mesher.storage.database import ReadConnection
from mesher.storage.events import full_event
from mesher.storage.grouping_settings import read_grouping_rules
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


async def rules_of(conn: ReadConnection, issue: Issue) -> Rules | None:
    """The rules of an issue's project; those of their lines that can be read."""
    rules, _ = compile_rules(await read_grouping_rules(conn, issue))
    return rules


def grouping_of(stored: Event, rules: Rules | None) -> Grouping:
    """How a stored event is grouped today, under the rules of its project."""
    return group(full_event(stored), rules)


def explain_event(stored: Event, rules: Rules | None) -> Explained:
    """Why an event has its fingerprint; ``rules`` are those of its project."""
    event = full_event(stored)
    grouping = group(event, rules)
    return Explained(
        issue_id=stored.issue_id,
        fingerprint=stored.fingerprint,
        account=account(grouping.explanation, event),
        is_current=grouping.fingerprint == stored.fingerprint,
    )


def explain_issue(issue: Issue, sample: Event | None, rules: Rules | None) -> Explained:
    """
    What made the events of an issue one.

    Args:
        issue: its explanation is that of its first event.
        sample: one of its events, which tells what was replaced in texts; ``None`` where none is
            kept any more.
        rules: of its project.
    """
    event = full_event(sample) if sample else None
    explanation = explanation_of(issue, sample, rules)
    return Explained(
        issue_id=issue.id,
        fingerprint=issue.fingerprint,
        account=account(explanation, event),
        is_current=sample is None or grouping_of(sample, rules).fingerprint == sample.fingerprint,
    )


def compare_issues(
    one: Issue,
    other: Issue,
    samples: tuple[Event | None, Event | None],
    rules: Rules | None,
) -> Comparison:
    """
    Where two issues differ.

    Args:
        one: an issue.
        other: another.
        samples: an event of each, for issues that were stored without an explanation.
        rules: of their project.
    """
    return compare(explanation_of(one, samples[0], rules), explanation_of(other, samples[1], rules))


def explanation_of(issue: Issue, sample: Event | None, rules: Rules | None) -> Explanation:
    """The explanation that an issue keeps, else that of one of its events."""
    kept = (issue.grouping or {}).get("explanation")
    if kept is not None:
        return msgspec.convert(kept, Explanation)
    return grouping_of(sample, rules).explanation if sample else _FALLBACK
