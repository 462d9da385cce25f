"""
What would become of a project's issues under other rules, another version, or a merge.

Stored events are grouped anew and counted by where they are and where they would be (``Tally``); when
all are counted, each new fingerprint is given to an issue (``plan``): what people know under a name
keeps it where it can.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import msgspec

# Events of each pair of issue and fingerprint that one may look at to judge it.
SAMPLES = 3

# Where an event would be: in an issue that is there, or in that of a fingerprint.
Where = uuid.UUID | str


class Share(msgspec.Struct, kw_only=True):
    """The events of one issue that would be in one place."""

    issue_id: uuid.UUID
    where: Where
    events: int = 0
    samples: list[uuid.UUID] = []  # the first that were counted


class Gathering(msgspec.Struct, frozen=True, kw_only=True):
    """An issue as it would be, and what it would be made of."""

    where: Where  # the issue; of a new one, its fingerprint
    shares: list[Share]  # the largest first

    @property
    def events(self) -> int:
        """All its events that were looked at."""
        return sum(share.events for share in self.shares)


class Splitting(msgspec.Struct, frozen=True, kw_only=True):
    """An issue as it is, and where its events would be."""

    issue_id: uuid.UUID
    shares: list[Share]  # the largest first; ``where`` is final

    @property
    def events(self) -> int:
        """All its events that were looked at."""
        return sum(share.events for share in self.shares)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What would happen."""

    targets: dict[str, uuid.UUID | None]  # where each new fingerprint goes; None: to a new issue
    joins: list[Gathering]  # of events of several issues; the largest first
    splits: list[Splitting]  # into several issues; the largest first
    moved_events: int
    issues: int  # that have events among those looked at
    untouched_issues: int  # that would neither gain nor lose any


class Tally:
    """Counts events by where they are and where they would be."""

    def __init__(self) -> None:
        """Nothing was counted yet."""
        self.shares: dict[tuple[uuid.UUID, Where], Share] = {}
        self.events = 0

    def add(self, event_id: uuid.UUID, issue_id: uuid.UUID, where: Where) -> None:
        """
        Count an event.

        Args:
            event_id: of the event.
            issue_id: where it is.
            where: the issue that it would be in; or its new fingerprint, if it would have another.
        """
        key = issue_id, where
        share = self.shares.get(key)
        if share is None:
            share = self.shares[key] = Share(issue_id=issue_id, where=where)
        share.events += 1
        self.events += 1
        if len(share.samples) < SAMPLES:
            share.samples.append(event_id)

    def new_fingerprints(self) -> list[str]:
        """The fingerprints of which it is to be asked whether they are bound to an issue already."""
        return sorted({where for _, where in self.shares if isinstance(where, str)})


def plan(tally: Tally, bound: Mapping[str, uuid.UUID]) -> Plan:
    """
    Give each new fingerprint to an issue.

    1. One that is bound to an issue goes there.
    2. Others, those with most events first, go to the issue that most of their events are in, unless
       another fingerprint has it already or some of its events stay as they are.
    3. What is left makes new issues.

    Args:
        tally: of all events that are looked at.
        bound: the issues of those of its new fingerprints that are bound.
    """
    targets = _targets(tally, bound)
    final = [
        msgspec.structs.replace(share, where=_final(share.where, targets))
        for share in tally.shares.values()
    ]
    by_issue: dict[uuid.UUID, list[Share]] = {}
    by_place: dict[Where, list[Share]] = {}
    for share in sorted(final, key=_order):
        by_issue.setdefault(share.issue_id, []).append(share)
        by_place.setdefault(share.where, []).append(share)
    joins = [
        Gathering(where=where, shares=shares)
        for where, shares in by_place.items()
        if len({share.issue_id for share in shares}) > 1
    ]
    splits = [
        Splitting(issue_id=issue_id, shares=shares)
        for issue_id, shares in by_issue.items()
        if len({share.where for share in shares}) > 1
    ]
    moved = [share for share in final if share.where != share.issue_id]
    touched = {share.issue_id for share in moved} | {share.where for share in moved}
    return Plan(
        targets=targets,
        joins=sorted(joins, key=lambda one: -one.events),
        splits=sorted(splits, key=lambda one: -one.events),
        moved_events=sum(share.events for share in moved),
        issues=len(by_issue),
        untouched_issues=len(by_issue.keys() - touched),
    )


def _targets(tally: Tally, bound: Mapping[str, uuid.UUID]) -> dict[str, uuid.UUID | None]:
    sources: dict[str, list[Share]] = {}
    taken: set[Where] = {where for _, where in tally.shares if not isinstance(where, str)}
    for share in sorted(tally.shares.values(), key=_order):
        if isinstance(share.where, str):
            sources.setdefault(share.where, []).append(share)
    targets: dict[str, uuid.UUID | None] = {one: bound[one] for one in sources if one in bound}
    taken.update(target for target in targets.values() if target)
    largest_first = sorted(sources, key=lambda one: -sum(share.events for share in sources[one]))
    for fingerprint in largest_first:
        if fingerprint in targets:
            continue
        free = [one.issue_id for one in sources[fingerprint] if one.issue_id not in taken]
        targets[fingerprint] = free[0] if free else None
        taken.update(free[:1])
    return targets


def _final(where: Where, targets: Mapping[str, uuid.UUID | None]) -> Where:
    return (targets[where] or where) if isinstance(where, str) else where


def _order(share: Share) -> tuple[int, uuid.UUID, str]:
    """The largest first, and those of one size always in the same order."""
    return -share.events, share.issue_id, str(share.where)
