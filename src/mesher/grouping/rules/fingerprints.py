"""
The rules that set fingerprints: the first that fits an event decides.

What a rule says of calls holds for an event where one call fits all of it, and so for what it says of
exceptions. With ``!`` alone, it holds where none of them has what is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from mesher.grouping.rules.calls import Asked, CallIndex, in_app_flags
from mesher.grouping.rules.matchers import Matcher, all_of, matchers_of, wanted_app
from mesher.grouping.rules.rule import FingerprintRule
from mesher.grouping.stacktrace import event_trace
from mesher.grouping.title import TITLE_CHARACTERS
from mesher.grouping.variables import Subject, variable_name, variable_value
from mesher.protocol.event import Event, ExceptionValue

_VARIABLE = re.compile(r"\{\{[^{}]*\}\}")


class FingerprintRules:
    """The rules of a project that set fingerprints."""

    def __init__(self, rules: Sequence[FingerprintRule], index: CallIndex) -> None:
        """
        Args:
            rules: in the order of their lines.
            index: knows what these rules ask of calls.
        """
        self._rules = [(rule, _test(rule)) for rule in rules]
        self._index = index

    def find(self, event: Event) -> FingerprintRule | None:
        """The first rule that fits an event, whose calls are marked already."""
        calls = _Calls(event, self._index)
        for rule, test in self._rules:
            if test(event, calls):
                return rule
        return None


def rule_title(template: str, subject: Subject) -> str:
    """The title that a rule gives, with its variables replaced; on one line, not too long."""
    title = _VARIABLE.sub(lambda found: _value(found[0], subject), template)
    return " ".join(title.split())[:TITLE_CHARACTERS]


def asked_of_calls(rule: FingerprintRule) -> list[Asked]:
    """All that a rule asks of calls, for the index."""
    matchers = matchers_of(rule.matchers, "call")
    if _is_negative(rule.matchers, matchers):
        return [(_positive(one),) for one in matchers]
    return [matchers]


class _Calls:
    """The calls of an event, looked at when the first rule asks for them."""

    def __init__(self, event: Event, index: CallIndex) -> None:
        self._event = event
        self._index = index
        self._found: list[tuple[frozenset[Asked], bool]] | None = None

    def found(self) -> list[tuple[frozenset[Asked], bool]]:
        """Of each call, the conditions that it fulfils, and whether it is the application's own."""
        if self._found is None:
            event = self._event
            traces = [one.stacktrace for one in event.exception]
            if not any(traces):
                traces = [event_trace(event)]
            self._found = [
                pair
                for trace in traces
                if trace is not None
                for pair in zip(
                    self._index.fulfilled(trace.frames, event.platform),
                    in_app_flags(trace.frames, event.platform),
                    strict=True,
                )
            ]
        return self._found


def _test(rule: FingerprintRule) -> Callable[[Event, _Calls], bool]:
    """Whether a rule fits; what is cheap to know is asked first."""
    of_event = all_of(matchers_of(rule.matchers, "event"))
    of_exceptions = _exception_test(matchers_of(rule.matchers, "exception"))
    of_calls = _call_test(rule)

    def fits(event: Event, calls: _Calls) -> bool:
        return of_event(event) and of_exceptions(event.exception) and of_calls(calls)

    return fits


def _exception_test(matchers: tuple[Matcher, ...]) -> Callable[[Sequence[ExceptionValue]], bool]:
    if not matchers:
        return lambda _: True
    if all(one.negated for one in matchers):
        absent = [all_of([_positive(one)]) for one in matchers]
        return lambda exceptions: not any(has(one) for one in exceptions for has in absent)
    fits = all_of(matchers)

    def one_fits(exceptions: Sequence[ExceptionValue]) -> bool:
        for one in exceptions:  # noqa: SIM110 - a generator costs more than what it asks
            if fits(one):
                return True
        return False

    return one_fits


def _call_test(rule: FingerprintRule) -> Callable[[_Calls], bool]:
    matchers, app = matchers_of(rule.matchers, "call"), wanted_app(rule.matchers)
    if not matchers and app is None:
        return lambda _: True
    asked = asked_of_calls(rule)
    if _is_negative(rule.matchers, matchers):
        return lambda calls: not any(one in found for found, _ in calls.found() for one in asked)
    [together] = asked
    return lambda calls: any(
        together in found and app in {None, in_app} for found, in_app in calls.found()
    )


def _is_negative(all_matchers: Iterable[Matcher], of_calls: tuple[Matcher, ...]) -> bool:
    """Whether a rule says of calls only what none may have."""
    return (
        bool(of_calls) and wanted_app(all_matchers) is None and all(one.negated for one in of_calls)
    )


def _positive(matcher: Matcher) -> Matcher:
    return Matcher(matcher.name, matcher.pattern)


def _value(variable: str, subject: Subject) -> str:
    name = variable_name(variable)
    return variable if name is None else variable_value(name, subject)
