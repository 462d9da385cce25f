"""
Spike protection: what is kept of a storm when a project has asked for it.

A storm is a minute with far more events than the project usually has. Of each issue its first events
in such a minute are kept and then one in a hundred, so new and rare issues come through whole while
a loop that fails ten thousand times leaves some hundred events. The ledger counts the others as
``spike``, and the log says when it begins.
"""

from __future__ import annotations

import msgspec

# Below this many events a minute nothing is a storm, whatever is usual: 400 fit one batch of digest.
FLOOR_EVENTS = 500
# What is usual is not known before this many minutes; until then everything is kept.
MINUTES_TO_LEARN = 5
# How much the last minute changes what is usual: half of it is older than seven minutes.
_WEIGHT = 0.1
KEPT_OF_EACH_ISSUE = 10
KEEP_ONE_IN = 100
# Issues counted in a minute, some 2 MB; those beyond count as new, and are kept.
MAX_ISSUES = 20_000


class Storm(msgspec.Struct, kw_only=True):
    """What is known of one project's rate."""

    minute: int = -1  # the latest seen: minutes since the epoch
    events: int = 0  # of this minute
    by_issue: dict[str, int] = {}  # the same by fingerprint
    usual: float = 0.0  # events a minute, the older the less they weigh
    minutes_seen: int = 0
    thinned: int = 0  # events of this minute that were not kept

    def copy(self) -> Storm:
        """A state that can be changed, or thrown away with the batch that changed it."""
        return msgspec.structs.replace(self, by_issue=dict(self.by_issue))


def keep_event(storm: Storm, fingerprint: str, *, minute: int, factor: float) -> bool:
    """
    Count an event and decide whether it is kept.

    Args:
        storm: the project's, which is changed.
        fingerprint: tells the event's issue.
        minute: of receipt, since the epoch; one that lies back counts in the latest.
        factor: how many times the usual rate makes a storm.
    """
    if minute > storm.minute:
        _begin_minute(storm, minute)
    storm.events += 1
    seen = storm.by_issue.get(fingerprint, 0) + 1
    if seen > 1 or len(storm.by_issue) < MAX_ISSUES:
        storm.by_issue[fingerprint] = seen
    if storm.minutes_seen < MINUTES_TO_LEARN:
        return True
    if storm.events <= max(FLOOR_EVENTS, factor * storm.usual):
        return True
    if seen <= KEPT_OF_EACH_ISSUE or seen % KEEP_ONE_IN == 0:
        return True
    storm.thinned += 1
    return False


def _begin_minute(storm: Storm, minute: int) -> None:
    """Let the minutes that are over change what is usual, the silent ones too."""
    if storm.minute >= 0:
        passed = minute - storm.minute
        storm.usual += _WEIGHT * (storm.events - storm.usual)
        storm.usual *= (1 - _WEIGHT) ** (passed - 1)
        storm.minutes_seen += min(passed, MINUTES_TO_LEARN)
    storm.minute, storm.events, storm.thinned = minute, 0, 0
    storm.by_issue.clear()
