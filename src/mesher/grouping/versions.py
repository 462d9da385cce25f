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

import msgspec

from mesher.grouping.fingerprint import ALGORITHM_VERSION, Grouping, group
from mesher.grouping.marks import MarkedFrame, marked_frame
from mesher.grouping.rules.ruleset import Rules
from mesher.grouping.stacktrace import event_trace
from mesher.protocol.event import Event, Stacktrace

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
        version first; then, of an event grouped by the application's own calls, the one by all calls,
        so that a change of what the SDK or a rule calls the application finds the issue that is there.
        """
        others = [older(event, self._rules).fingerprint for older in self._older]
        if grouping.explanation.variant == "app":
            marked = self._rules.calls.mark(event).event if self._rules else event
            others.append(self._newest(_without_app(marked), None).fingerprint)
        return tuple(one for one in dict.fromkeys(others) if one != grouping.fingerprint)


def _without_app(event: Event) -> Event:
    """The event as if none of its calls were the application's own."""
    trace = event_trace(event)
    return msgspec.structs.replace(
        event,
        exception=[
            msgspec.structs.replace(one, stacktrace=_foreign(one.stacktrace))
            for one in event.exception
        ],
        stacktrace=_foreign(trace),
        threads=[],  # of which the trace above was taken
        fingerprint=[],  # the default grouping decided, whatever the client had asked for
    )


def _foreign(trace: Stacktrace | None) -> Stacktrace | None:
    if trace is None:
        return None
    return msgspec.structs.replace(
        trace,
        frames=[
            marked_frame(
                frame,
                app=False,
                counts=frame.counts if isinstance(frame, MarkedFrame) else None,
            )
            for frame in trace.frames
        ],
    )
