"""Exceptions, their mechanisms, and threads."""

from __future__ import annotations

from typing import Any

import pytest

from mesher.protocol import limits
from mesher.protocol.event import ExceptionValue

TRACE = {"frames": [{"function": "f"}]}


@pytest.fixture
def exception(read):
    """Reads one exception."""

    def read_one(**attributes: Any) -> ExceptionValue:
        return read({"exception": [{"type": "T", **attributes}]}).exception[0]

    return read_one


@pytest.mark.parametrize(
    "given",
    [
        {"values": [{"type": "T", "value": "v"}]},
        [{"type": "T", "value": "v"}],
        {"type": "T", "value": "v"},
        {"values": [None, {"type": "T", "value": "v"}, "odd"]},
    ],
)
def test_exceptions_come_in_several_forms(read, given):
    event = read({"exception": given})
    assert [(one.type, one.value) for one in event.exception] == [("T", "v")]
    assert event.type == "error"


@pytest.mark.parametrize("given", [None, [], {}, {"values": []}, {"values": None}, "odd", 7])
def test_what_holds_no_exception_gives_none(read, given):
    event = read({"exception": given})
    assert event.exception == []
    assert event.type == "default"


@pytest.mark.parametrize(
    ("attribute", "given", "kept", "why"),
    [
        ("value", 7, "7", "a number"),
        ("value", True, "true", "a boolean, as JSON"),
        ("value", {"a": 1}, '{"a":1}', "an object"),
        ("value", [1, None], "[1,null]", "a list"),
        ("value", "x" * 8393, "x" * 8189 + "...", "cut"),
        ("type", 7, "7", "a type that is a number"),
        ("type", "x" * 277, "x" * 253 + "...", "cut"),
        ("thread_id", 7, 7, "a number stays one"),
        ("thread_id", "main", "main", "so does a text"),
        ("thread_id", 1.5, "1", "a fraction becomes text"),
        ("thread_id", True, "True", "and a boolean"),
        ("thread_id", [], None, "a list is none"),
        ("thread_id", "x" * 200, None, "nor is a novel"),
        ("module", None, None, "null is absent"),
    ],
)
def test_an_exception_attribute_is_read(exception, attribute, given, kept, why):
    assert getattr(exception(**{attribute: given}), attribute) == kept, why


@pytest.mark.parametrize(
    ("value", "kind", "rest"),
    [
        ("ValueError: no such thing", "ValueError", "no such thing"),
        ("ValueError:\nno such thing", "ValueError", "no such thing"),
        ("ValueError:", None, "ValueError:"),
        ("not a type: x", None, "not a type: x"),
    ],
)
def test_a_type_may_stand_in_front_of_the_value(read, value, kind, rest):
    [found] = read({"exception": [{"value": value}]}).exception
    assert (found.type, found.value) == (kind, rest)


def test_an_exception_that_holds_nothing_is_left_out_and_noted(read, noted):
    event = read({"exception": [{"module": "m"}, {"type": "T"}]})
    assert [one.type for one in event.exception] == ["T"]
    assert noted(event) == [("missing_attribute", "exception.0.type")]


def test_a_stack_trace_alone_keeps_an_exception(read):
    [found] = read({"exception": [{"stacktrace": TRACE}]}).exception
    assert found.stacktrace is not None


def test_of_too_many_exceptions_the_last_are_kept_in_either_way_of_reading(read, noted):
    many: list[Any] = [{"type": f"T{number}"} for number in range(limits.MAX_EXCEPTIONS + 5)]
    for chain in (many, [*many[:-1], {**many[-1], "module": 7}]):
        event = read({"exception": chain})
        assert len(event.exception) == limits.MAX_EXCEPTIONS
        assert event.exception[0].type == "T5"
        assert noted(event)[0] == ("value_too_long", "exception")


@pytest.mark.parametrize(
    ("given", "kind", "handled", "why"),
    [
        ({"type": "flask", "handled": False}, "flask", False, "the usual form"),
        ({"handled": None}, "generic", None, "without a type"),
        ({"type": ""}, "generic", None, "with an empty one"),
        ({"type": 7, "handled": "no"}, "7", None, "wrong types cost only themselves"),
        ("onerror", "onerror", None, "very old clients named the type alone"),
    ],
)
def test_a_mechanism_is_read(exception, given, kind, handled, why):
    mechanism = exception(mechanism=given).mechanism
    assert (mechanism.type, mechanism.handled) == (kind, handled), why


def test_a_mechanism_of_another_type_is_dropped(exception):
    assert exception(mechanism=7).mechanism is None


def test_the_data_of_a_mechanism_is_bounded(read, noted):
    large = {"a": "x" * 5000}
    event = read({"exception": [{"type": "T", "mechanism": {"data": large, "meta": large}}]})
    assert noted(event) == [
        ("value_too_long", "exception.0.mechanism.data"),
        ("value_too_long", "exception.0.mechanism.meta"),
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"values": [{"id": 1, "name": "main", "stacktrace": TRACE}]},
        [{"id": 1, "name": "main", "stacktrace": TRACE}],
        {"values": [None, {"id": 1, "name": "main", "stacktrace": TRACE, "main": "odd"}]},
    ],
)
def test_threads_come_in_several_forms(read, given):
    [thread] = read({"threads": given}).threads
    assert (thread.id, thread.name) == (1, "main")
    assert thread.stacktrace.frames[0].function == "f"


def test_of_too_many_threads_the_first_are_kept(read, noted):
    event = read({"threads": [{"id": number} for number in range(limits.MAX_THREADS + 5)]})
    assert len(event.threads) == limits.MAX_THREADS
    assert noted(event) == [("value_too_long", "threads")]


def test_a_wrong_attribute_costs_nothing_but_itself(read):
    good = {"type": "T", "value": "v", "stacktrace": {"frames": [{"function": "f", "lineno": 3}]}}
    wrong = {"type": "U", "stacktrace": {"frames": [{"function": "g", "lineno": "x"}]}}
    event = read({"exception": [good, wrong]})
    assert event.exception[0] == read({"exception": [good]}).exception[0]
    assert event.exception[1].stacktrace.frames[0].function == "g"


def test_what_a_thread_holds_is_kept_and_bounded(read, noted):
    raw = {"frames": [{"function": "f"}]}
    locks = {"0x1": {"type": 1}, "0x2": {"note": "x" * 5000}}
    event = read({"threads": [{"id": 1, "raw_stacktrace": raw, "held_locks": locks}]})
    [thread] = event.threads
    assert thread.raw_stacktrace.frames[0].function == "f"
    assert thread.held_locks["0x1"] == {"type": 1}
    assert noted(event) == [("value_too_long", "threads.0.held_locks")]
