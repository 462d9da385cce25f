"""Exceptions, their mechanisms, and threads."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from mesher.protocol import limits
from mesher.protocol.event import ExceptionValue, Mechanism, Stacktrace, Thread
from mesher.protocol.free_form import cut_to_size, flatten, json_size
from mesher.protocol.lenient import (
    Notes,
    Reader,
    cut,
    read_json_text,
    read_lenient_text,
    read_struct,
    values_list,
)
from mesher.protocol.stacktrace import finish_stacktrace, read_stacktrace

# A value that carries its type in front: "ValueError: no such thing".
_TYPE_IN_VALUE = re.compile(r"(\w{1,100}):\s*(.*)", re.DOTALL)


def read_exceptions(value: Any, notes: Notes) -> list[ExceptionValue]:
    """Read the exceptions from decoded JSON: a values list, a bare list, or one object."""
    read = (
        _read_exception(element, notes, f"exception.{index}")
        for index, element in enumerate(values_list(value)[: limits.MAX_EXCEPTIONS])
    )
    return [exception for exception in read if exception is not None]


def read_threads(value: Any, notes: Notes) -> list[Thread]:
    """Read the threads from decoded JSON, in the same forms as exceptions."""
    read = (
        read_struct(Thread, element, notes, f"threads.{index}", _THREAD_READERS)
        for index, element in enumerate(values_list(value)[: limits.MAX_THREADS])
    )
    return [thread for thread in read if thread is not None]


def finish_exceptions(exceptions: list[ExceptionValue], notes: Notes) -> list[ExceptionValue]:
    """
    Clean and bound the exceptions, oldest cause first; those that hold nothing are left out.

    One without type and value but with a stack trace is kept: the trace is what groups it.
    """
    kept: list[ExceptionValue] = []
    for index, exception in enumerate(exceptions[-limits.MAX_EXCEPTIONS :]):
        path = f"exception.{index}"
        exception.stacktrace = finish_stacktrace(exception.stacktrace, notes, path)
        exception.raw_stacktrace = finish_stacktrace(exception.raw_stacktrace, notes, path)
        _finish_type_and_value(exception, notes, path)
        if exception.mechanism is not None:
            _finish_mechanism(exception.mechanism, notes, f"{path}.mechanism")
        if exception.type or exception.value or exception.stacktrace:
            kept.append(exception)
        else:
            notes.add("missing_attribute", f"{path}.type")
    return kept


def finish_threads(threads: list[Thread], notes: Notes) -> list[Thread]:
    """Clean and bound the threads in place."""
    for index, thread in enumerate(threads):
        path = f"threads.{index}"
        thread.stacktrace = finish_stacktrace(thread.stacktrace, notes, path)
        if thread.name:
            thread.name = cut(thread.name, limits.THREAD_CHARACTERS, notes, f"{path}.name")
    return threads[: limits.MAX_THREADS]


def _finish_type_and_value(exception: ExceptionValue, notes: Notes, path: str) -> None:
    if not exception.type and exception.value:
        match = _TYPE_IN_VALUE.fullmatch(exception.value)
        if match is not None and match[2]:
            exception.type, exception.value = match[1], match[2]
    if exception.type:
        exception.type = cut(exception.type, limits.TYPE_CHARACTERS, notes, f"{path}.type")
    if exception.value:
        exception.value = cut(exception.value, limits.VALUE_CHARACTERS, notes, f"{path}.value")
    if exception.module:
        exception.module = cut(exception.module, limits.TYPE_CHARACTERS, notes, f"{path}.module")


def _finish_mechanism(mechanism: Mechanism, notes: Notes, path: str) -> None:
    mechanism.type = cut(mechanism.type or "generic", limits.NAME_CHARACTERS, notes, f"{path}.type")
    if mechanism.description:
        mechanism.description = cut(
            mechanism.description, limits.MECHANISM_CHARACTERS, notes, f"{path}.description"
        )
    if mechanism.data and json_size(mechanism.data) > limits.SMALL_BAG[0]:
        notes.add("value_too_long", f"{path}.data")
        mechanism.data = cut_to_size(mechanism.data, limits.SMALL_BAG[0])


def _read_exception(value: Any, notes: Notes, path: str) -> ExceptionValue | None:
    try:
        return msgspec.convert(value, ExceptionValue)
    except msgspec.ValidationError:
        return read_struct(ExceptionValue, value, notes, path, _EXCEPTION_READERS)


def _read_mechanism(value: Any, notes: Notes, path: str) -> Mechanism | None:
    if isinstance(value, str):  # very old clients named the type alone
        return Mechanism(type=value)
    return read_struct(Mechanism, value, notes, path, _MECHANISM_READERS)


def _read_bag(value: Any, notes: Notes, path: str) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        notes.invalid(path, value)
        return None
    return {key: flatten(inner, limits.SMALL_BAG[1] - 1) for key, inner in value.items()}


def _read_trace(value: Any, notes: Notes, path: str) -> Stacktrace | None:
    return read_stacktrace(value, notes, path)


_EXCEPTION_READERS: dict[str, Reader] = {
    "type": read_lenient_text,
    "value": read_json_text,
    "module": read_lenient_text,
    "thread_id": read_lenient_text,
    "mechanism": _read_mechanism,
    "stacktrace": _read_trace,
    "raw_stacktrace": _read_trace,
}
_MECHANISM_READERS: dict[str, Reader] = {
    "data": _read_bag,
    "meta": _read_bag,
    "source": read_lenient_text,
    "description": read_lenient_text,
    "help_link": read_lenient_text,
}
_THREAD_READERS: dict[str, Reader] = {
    "id": read_lenient_text,
    "name": read_lenient_text,
    "state": read_lenient_text,
    "stacktrace": _read_trace,
}
