"""
The versions of grouping, and what keeps the issues of an older one going.

A version is a function that never changes what it says of an event. Whoever makes grouping better
leaves the old function here under its number and adds the new one; a project that has issues of the
old one then has its events grouped by both, and the fingerprints of both are bound to one issue: the
one that was there. Nothing splits, and what the new version joins is joined from its first event on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mesher.grouping.fingerprint import ALGORITHM_VERSION, Grouping, group
from mesher.grouping.rules.ruleset import Rules
from mesher.protocol.event import Event

Algorithm = Callable[[Event, Rules | None], Grouping]

ALGORITHMS: Mapping[int, Algorithm] = MappingProxyType({ALGORITHM_VERSION: group})


class Grouper:
    """How the events of a project are grouped: by which rules, and by which versions."""

    def __init__(
        self,
        rules: Rules | None = None,
        *,
        oldest_version: int = ALGORITHM_VERSION,
        algorithms: Mapping[int, Algorithm] = ALGORITHMS,
    ) -> None:
        """
        Args:
            rules: of the project.
            oldest_version: by which the project may have issues.
            algorithms: the newest of them groups; those between it and the oldest find issues.
        """
        newest_first = sorted(algorithms, reverse=True)
        self._rules = rules
        self._newest = algorithms[newest_first[0]]
        self._older = [
            algorithms[number] for number in newest_first[1:] if number >= oldest_version
        ]

    def group(self, event: Event) -> Grouping:
        """The issue of an event, by the newest version."""
        return self._newest(event, self._rules)

    def other_fingerprints(self, event: Event, grouping: Grouping) -> tuple[str, ...]:
        """
        By what else the issue of an event may be known: the fingerprints of older versions, newest
        version first.

        Not the one by all calls, which would find the issue of an event of which other calls were
        marked as the application's: which events come together would depend on their order.
        """
        others = [older(event, self._rules).fingerprint for older in self._older]
        return tuple(one for one in dict.fromkeys(others) if one != grouping.fingerprint)
