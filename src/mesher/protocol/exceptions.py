"""Exceptions, their mechanisms, and threads."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from mesher.protocol import limits
from mesher.protocol.event import ExceptionValue, Mechanism, Thread
from mesher.protocol.lenient import (
    Notes,
    StructReader,
    TypedReader,
    json_text_within,
    lenient_text,
    shorten,
    values_list,
)
from mesher.protocol.stacktrace import finish_stacktrace, read_stacktrace

# A value that carries its type in front: "ValueError: no such thing".
_TYPE_IN_VALUE = re.compile(r"(\w{1,100}):\s*(.*)", re.DOTALL)


class _Exceptions(msgspec.Struct):
    values: list[ExceptionValue]


class _Threads(msgspec.Struct):
    values: list[Thread]


SentExceptions = list[ExceptionValue] | _Exceptions
SentThreads = list[Thread] | _Threads


def read_exceptions(given: SentExceptions | msgspec.Raw, notes: Notes) -> list[ExceptionValue]:
    """Read the exceptions: a values list, a bare list, or one object."""
    found = _typed_exceptions(given, notes, "exception")
    return found.values if isinstance(found, _Exceptions) else found


def read_threads(given: SentThreads | msgspec.Raw, notes: Notes) -> list[Thread]:
    """Read the threads, in the same forms as exceptions."""
    found = _typed_threads(given, notes, "threads")
    return found.values if isinstance(found, _Threads) else found


def finish_exceptions(exceptions: list[ExceptionValue], notes: Notes) -> list[ExceptionValue]:
    """
    Clean and bound the exceptions, oldest cause first; those that hold nothing are left out.

    One without type and value but with a stack trace is kept: the trace is what groups it.
    """
    kept: list[ExceptionValue] = []
    if len(exceptions) > limits.MAX_EXCEPTIONS:
        notes.add("value_too_long", "exception", len(exceptions))
    for index, exception in enumerate(exceptions[-limits.MAX_EXCEPTIONS :]):
        path = f"exception.{index}"
        exception.stacktrace = finish_stacktrace(exception.stacktrace, notes, path)
        if exception.raw_stacktrace is not None:
            exception.raw_stacktrace = finish_stacktrace(exception.raw_stacktrace, notes, path)
        _split_type(exception)
        if exception.mechanism is not None:
            _finish_mechanism(exception.mechanism, notes, f"{path}.mechanism")
        if exception.type or exception.value or exception.stacktrace:
            kept.append(exception)
        else:
            notes.add("missing_attribute", f"{path}.type")
    return _with_root_last(kept)


def finish_threads(threads: list[Thread], notes: Notes) -> list[Thread]:
    """Clean and bound the threads; of too many, the first are kept."""
    if len(threads) > limits.MAX_THREADS:
        notes.add("value_too_long", "threads", len(threads))
    kept = threads[: limits.MAX_THREADS]
    for index, thread in enumerate(kept):
        path = f"threads.{index}"
        thread.stacktrace = finish_stacktrace(thread.stacktrace, notes, path)
        thread.raw_stacktrace = finish_stacktrace(thread.raw_stacktrace, notes, path)
        if thread.held_locks:
            thread.held_locks = shorten(
                thread.held_locks, limits.SMALL_BAG, notes, f"{path}.held_locks"
            )
    return kept


def _with_root_last(exceptions: list[ExceptionValue]) -> list[ExceptionValue]:
    """
    The exceptions of a group in the order of their numbers, highest first and its root last.

    Only where they are one tree whose root stands elsewhere: what SDKs do not number is in order.
    """
    last = exceptions[-1].mechanism if exceptions else None
    if last is None or last.parent_id is None:
        return exceptions
    numbered = {
        mechanism.exception_id: (mechanism.parent_id, one)
        for one in exceptions
        if (mechanism := one.mechanism) and mechanism.exception_id is not None
    }
    roots = [number for number, (parent, _) in numbered.items() if parent is None]
    parents = {parent for parent, _ in numbered.values()} - {None}
    if len(numbered) < len(exceptions) or len(roots) != 1 or not parents <= numbered.keys():
        return exceptions
    _, root = numbered.pop(roots[0])
    return [*(numbered[number][1] for number in sorted(numbered, reverse=True)), root]


def _split_type(exception: ExceptionValue) -> None:
    if not exception.type and exception.value:
        match = _TYPE_IN_VALUE.fullmatch(exception.value)
        if match is not None and match[2]:
            exception.type, exception.value = match[1], match[2]


def _finish_mechanism(mechanism: Mechanism, notes: Notes, path: str) -> None:
    mechanism.type = mechanism.type or "generic"
    for name in ("data", "meta"):
        bag = getattr(mechanism, name)
        if bag:
            setattr(mechanism, name, shorten(bag, limits.SMALL_BAG, notes, f"{path}.{name}"))


def _lenient_exceptions(value: Any, notes: Notes, path: str) -> list[ExceptionValue]:
    read = (
        _lenient_exception(element, notes, f"{path}.{index}")
        for index, element in enumerate(values_list(value, notes, path))
    )
    return [exception for exception in read if exception is not None]


def _lenient_exception(value: Any, notes: Notes, path: str) -> ExceptionValue | None:
    try:
        return msgspec.convert(value, ExceptionValue)
    except msgspec.ValidationError:
        return _read_exception(value, notes, path)


def _lenient_threads(value: Any, notes: Notes, path: str) -> list[Thread]:
    read = (
        _read_thread(element, notes, f"{path}.{index}")
        for index, element in enumerate(values_list(value, notes, path))
    )
    return [thread for thread in read if thread is not None]


def _read_mechanism(value: Any, notes: Notes, path: str) -> Mechanism | None:
    if isinstance(value, str):  # very old clients named the type alone
        value = {"type": value}
    return _read_mechanism_object(value, notes, path)


def _read_id(value: Any, notes: Notes, path: str) -> str | int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = lenient_text(value)
    if text is None or len(text) > limits.NAME_CHARACTERS[0]:
        notes.invalid(path, value)
        return None
    return text


_read_mechanism_object = StructReader(Mechanism, {})
_read_exception = StructReader(
    ExceptionValue,
    {
        "value": json_text_within(limits.VALUE_CHARACTERS),
        "thread_id": _read_id,
        "mechanism": _read_mechanism,
        "stacktrace": read_stacktrace,
        "raw_stacktrace": read_stacktrace,
    },
)
_read_thread = StructReader(
    Thread, {"id": _read_id, "stacktrace": read_stacktrace, "raw_stacktrace": read_stacktrace}
)
_typed_exceptions: TypedReader[SentExceptions] = TypedReader(SentExceptions, _lenient_exceptions)
_typed_threads: TypedReader[SentThreads] = TypedReader(SentThreads, _lenient_threads)
