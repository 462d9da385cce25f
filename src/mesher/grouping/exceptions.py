"""Exceptions: which of a chain or a group count, and by what."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from mesher.grouping.explanation import Part
from mesher.grouping.functions import NATIVE
from mesher.grouping.message import parameterize
from mesher.grouping.stacktrace import Calls, count_calls
from mesher.protocol.event import Event, ExceptionValue

# Exceptions that say only that another one happened elsewhere: in a task, behind reflection, in a
# stream. Whether work ran there or here, its failure is the same.
_WRAPPERS = frozenset(
    ["ExecutionException", "CompletionException", "InvocationTargetException",
     "UndeclaredThrowableException", "OnErrorNotImplementedException", "UndeliverableException",
     "System.Reflection.TargetInvocationException", "TargetInvocationException"]
)  # fmt: skip
_STACK_USED_UP = frozenset(
    ["RecursionError", "StackOverflowError", "SystemStackError", "StackOverflowException",
     "System.StackOverflowException"]
)  # fmt: skip
# How JavaScript's engines put it; the types are those of many other errors too.
_JAVASCRIPT_STACK_USED_UP = ("Maximum call stack", "too much recursion")
# Go's errors without a type of their own. They have no stack either: the one that is sent with them
# is of where they were reported, often one place for all errors of a program.
_GO_PLAIN_ERRORS = frozenset(
    ["*errors.errorString", "*errors.joinError", "*fmt.wrapError", "*fmt.wrapErrors",
     "*errors.withMessage", "*xerrors.errorString", "*xerrors.wrapError"]
)  # fmt: skip
# Python's errors in a text that is compiled: its file is named in the value, and in no call.
_SYNTAX_ERRORS = frozenset({"SyntaxError", "IndentationError", "TabError"})
# React reports what it could repair; what had to be repaired is the cause.
_REACT_RECOVERED = "but React was able to recover"


class CountedExceptions(NamedTuple):
    """What counts of an event's exceptions."""

    variant: Literal["app", "system", "exception"]
    parts: list[Part]  # empty: nothing of them is usable
    ignored: dict[str, int]  # calls by reason
    left_out: int  # exceptions of a group that others stand for
    main: ExceptionValue  # the one that names the issue


class _Counted(NamedTuple):
    exception: ExceptionValue
    parts: list[Part]
    calls: Calls


def count_exceptions(event: Event) -> CountedExceptions:
    """
    Find what counts of the exceptions of an event that has some.

    The application's own calls of all that are relevant; where none of them has any, all calls;
    where there are no calls at all, types and values.
    """
    exceptions = _without_wrappers(event.exception)
    relevant, main = _relevant([_count(one, event, app_only=True) for one in exceptions])
    if any(one.calls.parts for one in relevant):
        return _result("app", event, relevant, main)
    relevant, main = _relevant([_count(one, event, app_only=False) for one in exceptions])
    has_calls = any(one.calls.parts for one in relevant)
    return _result("system" if has_calls else "exception", event, relevant, main)


def is_report(exception: ExceptionValue, platform: str) -> bool:
    """
    Whether an SDK made an exception up around something else (a message, a thrown string).

    Its type says nothing then, and its calls say where it was noticed, not what went wrong. Native
    crashes are made up too, from a signal, but there the calls are those that crashed.
    """
    mechanism = exception.mechanism
    return mechanism is not None and bool(mechanism.synthetic) and platform not in NATIVE


def _without_wrappers(exceptions: list[ExceptionValue]) -> list[ExceptionValue]:
    if len(exceptions) == 1:
        return exceptions
    return [one for one in exceptions if one.type not in _WRAPPERS] or exceptions[-1:]


def _is_overflow(exception: ExceptionValue) -> bool:
    """Whether the calls were too deep for the stack."""
    if exception.type in _STACK_USED_UP:
        return True
    return (
        exception.type in {"RangeError", "InternalError"}
        and exception.value is not None
        and exception.value.startswith(_JAVASCRIPT_STACK_USED_UP)
    )


def _result(
    variant: Literal["app", "system", "exception"],
    event: Event,
    relevant: list[_Counted],
    main: ExceptionValue,
) -> CountedExceptions:
    ignored: dict[str, int] = {}
    for one in relevant:
        for why, count in one.calls.ignored.items():
            ignored[why] = ignored.get(why, 0) + count
    parts = [part for one in relevant for part in one.parts]
    return CountedExceptions(variant, parts, ignored, len(event.exception) - len(relevant), main)


def _count(exception: ExceptionValue, event: Event, *, app_only: bool) -> _Counted:
    trace, mechanism = exception.stacktrace, exception.mechanism
    overflow = _is_overflow(exception)
    calls = Calls([], {})
    if trace:
        calls = count_calls(trace, event.platform, app_only=app_only, overflow=overflow)
    parts: list[Part] = []
    if exception.type and not (mechanism and mechanism.synthetic):
        # Firefox has a type of its own for what the other engines call a RangeError.
        renamed = overflow and exception.type == "InternalError"
        parts.append(Part("exception type", "RangeError" if renamed else exception.type))
    native_error = _native_error(mechanism.meta) if mechanism and mechanism.meta else []
    parts += native_error
    reported = is_report(exception, event.platform)
    if not native_error and (reported or not calls.parts or _is_told_by_value(exception, event)):
        template = event.logentry.message if reported and event.logentry else None
        if text := parameterize(template or exception.value or ""):
            parts.append(Part("exception value", text))
            if reported and not app_only:  # where in a library it was noticed says nothing
                calls = Calls([], calls.ignored)
    return _Counted(exception, parts + calls.parts, calls)


def _is_told_by_value(exception: ExceptionValue, event: Event) -> bool:
    """Whether the calls of an exception are not of the place that is wrong."""
    if event.platform == "go":
        # A panic, which is fatal, has the stack of its own place.
        return exception.type in _GO_PLAIN_ERRORS and event.level != "fatal"
    return event.platform == "python" and exception.type in _SYNTAX_ERRORS


def _native_error(meta: dict[str, Any]) -> list[Part]:
    """Domain and code of an error of Apple's frameworks, which say more than its text."""
    error = meta.get("ns_error")
    if not isinstance(error, dict):
        return []
    return [
        Part(f"error {name}", str(error[name]))
        for name in ("domain", "code")
        if isinstance(error.get(name), str | int)
    ]


def _relevant(counted: list[_Counted]) -> tuple[list[_Counted], ExceptionValue]:
    """
    The exceptions that count, and the main one.

    A chain counts whole, innermost cause first. Of a group only its different top-level exceptions
    count, with the group behind them; where there is only one, it counts with its causes instead.
    """
    everything = counted, _main_of_chain(counted)
    children = _children(counted) if len(counted) > 1 else None
    if children is None:
        return everything
    by_id = {_identity(one)[0]: one for one in counted}
    different = {
        tuple(part.value for part in by_id[number].parts): number
        for number in _top_level(children, by_id)
    }
    if not different:
        return everything
    if len(different) > 1:
        # In the order of their values: the order in which tasks failed is chance.
        ordered = [by_id[different[values]] for values in sorted(different)]
        return [*ordered, by_id[0]], by_id[0].exception
    [number] = different.values()
    path = _first_path(number, children)
    return [one for one in counted if _identity(one)[0] in path], by_id[number].exception


def _main_of_chain(counted: list[_Counted]) -> ExceptionValue:
    """The exception that was raised last; the cause of one that only says that React recovered."""
    main = counted[-1].exception
    if len(counted) > 1 and main.value is not None and _REACT_RECOVERED in main.value:
        return counted[-2].exception
    return main


def _identity(one: _Counted) -> tuple[int | None, int | None]:
    mechanism = one.exception.mechanism
    return (mechanism.exception_id, mechanism.parent_id) if mechanism else (None, None)


def _children(counted: list[_Counted]) -> dict[int, list[int]] | None:
    """The exceptions below each, by id; ``None`` unless the ids make a tree with the root 0."""
    children: dict[int, list[int]] = {}
    for one in counted:
        number, parent = _identity(one)
        if number is None or number == parent or number in children:
            return None
        children[number] = []
    for one in reversed(counted):
        number, parent = _identity(one)
        if number is not None and parent in children:
            children[parent].append(number)
    return children if 0 in children else None


def _top_level(children: dict[int, list[int]], by_id: dict[int | None, _Counted]) -> list[int]:
    """The exceptions of the root group, each group below it replaced by what it holds."""
    found: list[int] = []
    seen: set[int] = set()
    waiting = [0]
    while waiting:
        number = waiting.pop()
        if number in seen:  # the ids may make a circle
            continue
        seen.add(number)
        mechanism = by_id[number].exception.mechanism
        if mechanism and mechanism.is_exception_group:
            waiting += children[number]
        else:
            found.append(number)
    return found


def _first_path(number: int, children: dict[int, list[int]]) -> set[int]:
    """An exception and its causes, of several the first."""
    path = {number}
    while children[number] and children[number][0] not in path:
        number = children[number][0]
        path.add(number)
    return path
