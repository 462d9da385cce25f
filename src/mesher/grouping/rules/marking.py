"""
The rules about calls, applied to an event.

Two passes over each stack trace, as users of Sentry know it: first whose code a call is, rule by rule
with the later one winning; then, with that settled, which calls count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from mesher.grouping.marks import MarkedTrace, marked_frame
from mesher.grouping.rules.calls import Asked, CallIndex, in_app_flags
from mesher.grouping.rules.matchers import all_of, matchers_of, wanted_app
from mesher.grouping.rules.rule import CallRule, Mark
from mesher.grouping.stacktrace import event_trace
from mesher.protocol.event import Event, ExceptionValue, Frame, Stacktrace


class Marked(NamedTuple):
    """An event as the rules see it, and the rules that had a say."""

    event: Event
    applied: list[CallRule]  # in the order of their lines


class CallRules:
    """The rules of a project that are about calls."""

    def __init__(self, rules: Sequence[CallRule], index: CallIndex) -> None:
        """
        Args:
            rules: in the order of their lines.
            index: knows what these rules ask of calls.
        """
        self._rules = [_Compiled(rule) for rule in rules]
        self._index = index

    def mark(self, event: Event) -> Marked:
        """Apply the rules to the stack traces that grouping looks at; the event is not changed."""
        if not self._rules:
            return Marked(event, [])
        possible = [rule for rule in self._rules if rule.holds_for_event(event)]
        if not possible:
            return Marked(event, [])
        work = _Work(event.platform, self._index)
        exceptions = [work.mark_exception(one, possible) for one in event.exception]
        trace = event_trace(event)
        marked = work.mark_trace(trace, possible, None) if trace else None
        if not work.applied:
            return Marked(event, [])
        changed = msgspec.structs.replace(
            event,
            exception=exceptions,
            stacktrace=marked if event.stacktrace is trace else event.stacktrace,
            threads=[
                msgspec.structs.replace(thread, stacktrace=marked)
                if trace is not None and thread.stacktrace is trace
                else thread
                for thread in event.threads
            ],
        )
        return Marked(changed, sorted(work.applied.values(), key=lambda rule: rule.line))


def asked_of_calls(rule: CallRule) -> list[Asked]:
    """All that a rule asks of a call and its neighbours, for the index."""
    return [matchers_of(one, "call") for one in (rule.matchers, rule.caller, rule.callee)]


class _Place(NamedTuple):
    """What a rule asks of one call."""

    asked: Asked
    app: bool | None

    def fits(self, found: frozenset[Asked], *, in_app: bool) -> bool:
        return self.asked in found and self.app in {None, in_app}


class _Compiled:
    """A rule, with its matchers sorted by what they are about."""

    def __init__(self, rule: CallRule) -> None:
        self.rule = rule
        here, caller, callee = (
            _Place(asked, wanted_app(matchers))
            for asked, matchers in zip(
                asked_of_calls(rule), (rule.matchers, rule.caller, rule.callee), strict=True
            )
        )
        self.here = here
        self._caller = caller if rule.caller else None
        self._callee = callee if rule.callee else None
        self.holds_for_event = all_of(matchers_of(rule.matchers, "event"))
        exception_matchers = matchers_of(rule.matchers, "exception")
        self._exception_test = all_of(exception_matchers) if exception_matchers else None
        self.app_marks = [mark for mark in rule.marks if mark.what == "app"]
        self.group_marks = [mark for mark in rule.marks if mark.what == "group"]
        self.limits = rule.at_most is not None or rule.at_least is not None

    def holds_for_exception(self, exception: ExceptionValue | None) -> bool:
        test = self._exception_test
        return test is None or (exception is not None and test(exception))

    def matching(self, found: Sequence[frozenset[Asked]], app: Sequence[bool]) -> list[int]:
        """The calls that the rule is about, by their numbers."""
        last = len(found) - 1
        return [
            number
            for number, asked in enumerate(found)
            if self.here.fits(asked, in_app=app[number])
            and _neighbour_fits(self._caller, found, app, number - 1 if number else None)
            and _neighbour_fits(self._callee, found, app, number + 1 if number < last else None)
        ]


def _neighbour_fits(
    place: _Place | None,
    found: Sequence[frozenset[Asked]],
    app: Sequence[bool],
    number: int | None,
) -> bool:
    if place is None:
        return True
    return number is not None and place.fits(found[number], in_app=app[number])


class _Work:
    """One event while it is marked."""

    def __init__(self, platform: str, index: CallIndex) -> None:
        self._platform = platform
        self._index = index
        self.applied: dict[int, CallRule] = {}  # by line

    def mark_exception(
        self, exception: ExceptionValue, rules: Iterable[_Compiled]
    ) -> ExceptionValue:
        trace = exception.stacktrace
        if trace is None:
            return exception
        marked = self.mark_trace(trace, rules, exception)
        if marked is trace:
            return exception
        return msgspec.structs.replace(exception, stacktrace=marked)

    def mark_trace(
        self, trace: Stacktrace, rules: Iterable[_Compiled], exception: ExceptionValue | None
    ) -> Stacktrace:
        found = self._index.fulfilled(trace.frames, self._platform)
        somewhere = frozenset().union(*found)
        rules = [
            rule
            for rule in rules
            if rule.here.asked in somewhere and rule.holds_for_exception(exception)
        ]
        if not rules:
            return trace
        app = in_app_flags(trace.frames, self._platform)
        decided: list[bool | None] = [None] * len(app)
        for rule in rules:
            if rule.app_marks and (numbers := rule.matching(found, app)):
                self.applied[rule.rule.line] = rule.rule
                _set(decided, rule.app_marks, numbers)
                app = [was if now is None else now for was, now in zip(app, decided, strict=True)]
        counts: list[bool | None] = [None] * len(app)
        limits: dict[str, int] = {}
        for rule in rules:
            if (rule.group_marks or rule.limits) and (numbers := rule.matching(found, app)):
                self.applied[rule.rule.line] = rule.rule
                _set(counts, rule.group_marks, numbers)
                limits |= _limits(rule.rule)
        frames = [
            frame
            if own is None and counted is None
            else marked_frame(frame, app=own, counts=counted)
            for frame, own, counted in zip(trace.frames, decided, counts, strict=True)
        ]
        return _marked_trace(trace, frames, limits)


def _set(flags: list[bool | None], marks: list[Mark], numbers: list[int]) -> None:
    """Mark the calls with these numbers, or those that are newer or older than they are."""
    for mark in marks:
        for number in numbers:
            if mark.reach == "":
                flags[number] = mark.on
        # Of several calls, the oldest reaches the most newer ones, and the newest the most older.
        if mark.reach == "^":
            reached = range(numbers[0] + 1, len(flags))
        elif mark.reach == "v":
            reached = range(numbers[-1])
        else:
            continue
        for number in reached:
            flags[number] = mark.on


def _limits(rule: CallRule) -> dict[str, int]:
    named = {"at_most": rule.at_most, "at_least": rule.at_least}
    return {name: limit for name, limit in named.items() if limit is not None}


def _marked_trace(trace: Stacktrace, frames: list[Frame], limits: dict[str, int]) -> Stacktrace:
    return MarkedTrace(
        frames=frames,
        registers=trace.registers,
        frames_omitted=trace.frames_omitted,
        at_most=limits.get("at_most"),
        at_least=limits.get("at_least", 0),
    )
