"""Which calls of a stack trace count, and by what."""

from __future__ import annotations

from typing import Any

import pytest

from mesher.grouping.stacktrace import (
    EVALUATED,
    HELPER,
    NOT_IN_APP,
    NOTHING_STABLE,
    REPEATED,
    count_calls,
    crash_frame,
    event_trace,
)
from mesher.protocol.event import Frame, Stacktrace


def counted(platform: str, *frames: dict[str, Any], app_only: bool = False) -> list[str]:
    trace = Stacktrace(frames=[Frame(**frame) for frame in frames])
    return [part.value for part in count_calls(trace, platform, app_only=app_only).parts]


def ignored(platform: str, *frames: dict[str, Any], app_only: bool = False) -> dict[str, int]:
    trace = Stacktrace(frames=[Frame(**frame) for frame in frames])
    return count_calls(trace, platform, app_only=app_only).ignored


MAIN = {"module": "shop.main", "function": "main", "in_app": True}
PAY = {"module": "shop.cart", "function": "pay", "in_app": True}


@pytest.mark.parametrize(
    ("platform", "frame", "values", "why"),
    [
        ("python", PAY, ["shop.cart", "pay"], "module and function"),
        (
            "python",
            {"filename": "shop/Cart.py", "function": "pay"},
            ["cart.py", "pay"],
            "else file",
        ),
        ("python", {"filename": "C:\\shop\\cart.py", "function": "f"}, ["cart.py", "f"], "Windows"),
        ("python", {"module": "m", "filename": "f.py", "function": "f"}, ["m", "f"], "not both"),
        (
            "python",
            {**PAY, "lineno": 7, "colno": 3, "context_line": "x()"},
            ["shop.cart", "pay"],
            "",
        ),
        (
            "python",
            {"module": "m", "context_line": "  pay( 1 )"},
            ["m", "pay( 1 )"],
            "a line for it",
        ),
        ("python", {"module": "m", "context_line": "x" * 121}, ["m"], "unless it is generated"),
        ("go", {"module": "m", "context_line": "pay()"}, ["m"], "or of a compiled language"),
        ("python", {"function": "f"}, ["f"], "a function alone"),
        (
            "javascript",
            {"abs_path": "http://a/b.js", "filename": "/b.js", "function": "f"},
            ["f"],
            "",
        ),
        ("javascript", {"abs_path": "app:///b.js", "filename": "b.js?v=1"}, ["b.js"], "no query"),
        (
            "node",
            {"module": "lib/b.js", "abs_path": "/a/lib/b.js", "filename": "b.js", "function": "f"},
            ["b.js", "f"],
            "a module that is a path is none",
        ),
        (
            "node",
            {"module": "shop:cart", "abs_path": "/a/b.js", "function": "f"},
            ["shop:cart", "f"],
            "",
        ),
        ("java", {"module": "com.a.B$$Lambda$14", "function": "run"}, ["run"], "numbered lambdas"),
        (
            "java",
            {"module": "com.a.B$$EnhancerBySpringCGLIB$$1a2b", "function": "run"},
            ["com.a.B$$EnhancerBySpringCGLIB$$<auto>", "run"],
            "generated classes",
        ),
        (
            "java",
            {"module": "sun.reflect.GeneratedMethodAccessor17", "function": "invoke"},
            ["sun.reflect.GeneratedMethodAccessor", "invoke"],
            "generated accessors",
        ),
        ("java", {"filename": "A$$FastClassByGuice$$1a.java"}, ["a$$fastclassbyguice$$<auto>"], ""),
        ("python", {"filename": "<anonymous>", "function": "f"}, ["f"], "a file that is none"),
        ("python", {"platform": "native", "function": "f(int)"}, ["f"], "of its own platform"),
    ],
)
def test_a_call_counts_by_what_stays(platform, frame, values, why):
    assert counted(platform, MAIN, frame)[2:] == values, why


@pytest.mark.parametrize(
    ("platform", "frames", "reason"),
    [
        ("javascript", [{"function": "JSON.parse", "abs_path": "<anonymous>"}], EVALUATED),
        ("node", [{"function": "processTicksAndRejections", "module": "task"}], HELPER),
        ("javascript", [{"abs_path": "https://a/b.js", "filename": "/b.js"}], NOTHING_STABLE),
        ("javascript", [{"abs_path": "file:///b.js", "filename": "/b.js"}], NOTHING_STABLE),
        ("python", [{"lineno": 7}], NOTHING_STABLE),
    ],
)
def test_what_does_not_count_is_told_with_its_reason(platform, frames, reason):
    assert counted(platform, *frames) == []
    assert ignored(platform, *frames) == {reason: 1}


def test_a_script_of_one_line_counts_by_its_neighbours_only():
    pay = {"abs_path": "https://a/b.js", "function": "pay"}
    nameless = {"abs_path": "https://a/b.js", "context_line": "pay()"}
    assert counted("javascript", pay, nameless) == ["pay"]


def test_recursion_of_any_depth_is_one_call():
    deeper = [{**PAY, "lineno": number} for number in range(9)]
    assert counted("python", MAIN, *deeper) == counted("python", MAIN, PAY)
    assert ignored("python", MAIN, *deeper) == {REPEATED: 8}


def test_two_calls_of_one_function_with_another_between_are_two():
    assert len(counted("python", PAY, MAIN, PAY)) == 6


def test_only_the_applications_own_calls_count_where_that_is_asked():
    library = {"module": "flask.app", "function": "dispatch", "in_app": False}
    assert counted("python", library, PAY, app_only=True) == ["shop.cart", "pay"]
    assert ignored("python", library, PAY, app_only=True) == {NOT_IN_APP: 1}


@pytest.mark.parametrize(
    ("frames", "newest", "why"),
    [
        ([MAIN, PAY], PAY, "the newest"),
        ([PAY, {"module": "json", "function": "loads"}], PAY, "the newest of the application"),
        ([{"module": "a"}, {"module": "b"}], {"module": "b"}, "of all where there is none"),
        ([{"module": "a"}, {"module": "sentry_sdk.hub"}], {"module": "a"}, "not of the SDK"),
        ([{"module": "sentry_sdk.hub"}], {"module": "sentry_sdk.hub"}, "unless there is no other"),
    ],
)
def test_people_look_at_the_newest_call_that_says_something(frames, newest, why):
    trace = Stacktrace(frames=[Frame(**frame) for frame in frames])
    assert crash_frame(trace, "python") == Frame(**newest), why


def trace_named(name: str) -> dict[str, Any]:
    return {"frames": [{"function": name}]}


@pytest.mark.parametrize(
    ("threads", "function", "why"),
    [
        ([{"stacktrace": trace_named("a")}], "a", "the only thread"),
        ([{}, {"crashed": True, "stacktrace": trace_named("b")}], "b", "the crashed one"),
        ([{}, {"current": True, "stacktrace": trace_named("b")}], "b", "else the current one"),
        ([{"current": True}, {"crashed": True, "stacktrace": trace_named("b")}], "b", "first"),
        ([{"stacktrace": trace_named("a")}] * 2, "event", "several: none of them"),
        ([{"crashed": True, "stacktrace": trace_named("a")}] * 2, "event", "several crashed"),
        ([{"crashed": True}], "event", "one without a stack trace"),
        ([], "event", "no threads"),
    ],
)
def test_the_stack_trace_of_an_event_is_that_of_the_thread_it_is_about(
    event, threads, function, why
):
    found = event_trace(event(threads=threads, stacktrace=trace_named("event")))
    assert found.frames[0].function == function, why
