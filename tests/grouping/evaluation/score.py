"""How well the labelled events are grouped: by pairs of events, for each platform."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from grouping.evaluation.dataset import Labelled
from mesher.grouping.fingerprint import group
from mesher.protocol.normalize import event_from_payload


class Score(NamedTuple):
    """The result of one platform. A pair is two of its events."""

    platform: str
    events: int
    bugs: int
    pairs: int
    same_bug: int  # pairs of one bug
    same_issue: int  # pairs of one issue
    right: int  # pairs of both
    splits: dict[str, list[list[str]]]  # bug: the variants in each of its issues, when several
    merges: list[list[str]]  # bugs that share an issue

    @property
    def precision(self) -> float:
        """How many of the pairs that are in one issue belong there."""
        return self.right / self.same_issue

    @property
    def recall(self) -> float:
        """How many of the pairs that belong into one issue are in one."""
        return self.right / self.same_bug


def score_platforms(events: Iterable[Labelled]) -> list[Score]:
    """Group the events and count, platforms in the order of their names."""
    by_platform: dict[str, list[tuple[Labelled, str]]] = defaultdict(list)
    for labelled in events:
        by_platform[labelled.platform].append((labelled, _fingerprint(labelled.payload)))
    return [_score(platform, by_platform[platform]) for platform in sorted(by_platform)]


def _fingerprint(payload: bytes) -> str:
    event = event_from_payload(
        payload,
        event_id="9ec79c33ec9942ab8353589fcb2e04dc",
        received_at=1_795_534_440.0,
        sent_at=None,
        client=None,
        client_ip=None,
    )
    return group(event).fingerprint


def _score(platform: str, grouped: list[tuple[Labelled, str]]) -> Score:
    issues_of: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    bugs_of: dict[str, list[str]] = defaultdict(list)
    for labelled, issue in grouped:
        issues_of[labelled.bug][issue].append(labelled.variant)
        if labelled.bug not in bugs_of[issue]:
            bugs_of[issue].append(labelled.bug)
    cells = Counter((labelled.bug, issue) for labelled, issue in grouped)
    return Score(
        platform=platform,
        events=len(grouped),
        bugs=len(issues_of),
        pairs=_pairs(len(grouped)),
        same_bug=sum(map(_pairs, Counter(labelled.bug for labelled, _ in grouped).values())),
        same_issue=sum(map(_pairs, Counter(issue for _, issue in grouped).values())),
        right=sum(map(_pairs, cells.values())),
        splits={
            bug: sorted(issues.values(), key=lambda variants: (-len(variants), variants))
            for bug, issues in sorted(issues_of.items())
            if len(issues) > 1
        },
        merges=sorted(sorted(bugs) for bugs in bugs_of.values() if len(bugs) > 1),
    )


def _pairs(count: int) -> int:
    return count * (count - 1) // 2
