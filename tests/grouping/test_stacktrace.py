"""Which calls of a stack trace count, and by what."""

from __future__ import annotations

from typing import Any

import pytest

from mesher.grouping.stacktrace import (
    ENTRY,
    EVALUATED,
    HELPER,
    MADE,
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


MAIN = {"module": "shop.main", "function": "serve", "in_app": True}
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
            ["b", "f"],
            "a script without its ending",
        ),
        ("javascript", {"abs_path": "app:///b.js", "filename": "b.js?v=1"}, ["b"], "no query"),
        (
            "javascript",
            {"abs_path": "https://a/src/b.ts", "filename": "b.ts", "data": {"sourcemap": "b.map"}},
            ["b"],
            "a source without a function",
        ),
        (
            "node",
            {"module": "lib/b.js", "abs_path": "/a/lib/b.js", "filename": "b.js", "function": "f"},
            ["b", "f"],
            "by its file",
        ),
        (
            "node",
            {"module": "shop:cart", "function": "f"},
            ["shop:cart", "f"],
            "or its module where there is none",
        ),
        (
            "java",
            {"module": "sun.reflect.GeneratedMethodAccessor17", "function": "invoke"},
            ["sun.reflect.GeneratedMethodAccessor", "invoke"],
            "generated accessors",
        ),
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
        ("java", [{"module": "com.a.B$$Lambda$14", "function": "run"}], HELPER),
        ("java", [{"module": "com.a.B$$EnhancerBySpringCGLIB$$1a", "function": "run"}], HELPER),
        ("java", [{"module": "com.a.B$$FastClassByGuice$$1a", "function": "run"}], HELPER),
        ("java", [{"module": "com.a.B$HibernateProxy$1a", "function": "run"}], HELPER),
        ("python", [{"module": "m", "function": "<listcomp>"}], HELPER),
        ("ruby", [{"abs_path": "/gems/sentry-ruby-5.3.0/lib/sentry.rb", "function": "f"}], HELPER),
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


def test_recursion_through_other_functions_is_one_call_of_each_in_the_order_of_the_newest():
    assert counted("python", PAY, MAIN, PAY) == counted("python", MAIN, PAY)
    assert counted("python", PAY, MAIN) != counted("python", MAIN, PAY)


ENTER = {"module": "__main__", "function": "<module>", "in_app": True}


@pytest.mark.parametrize(
    ("platform", "entries"),
    [
        ("python", [ENTER, {"module": "__main__", "function": "main"}]),
        ("ruby", [{"filename": "run.rb", "function": "<main>"}]),
        ("go", [{"module": "main", "function": "main"}]),
        ("csharp", [{"module": "Shop.Program", "function": "<Main>$"}]),
        ("php", [{"filename": "index.php", "context_line": "run();"}]),
    ],
)
def test_how_the_program_was_started_does_not_count(platform, entries):
    assert counted(platform, *entries, PAY) == ["shop.cart", "pay"]
    assert ignored(platform, *entries, PAY) == {ENTRY: len(entries)}


def test_where_the_program_starts_counts_where_nothing_else_does():
    assert counted("python", ENTER) == ["__main__", "<module>"]


def test_a_function_without_a_name_is_part_of_the_one_of_its_file_that_called_it():
    pay = {"filename": "cart.js", "abs_path": "/cart.js", "function": "pay"}
    nameless = {
        "filename": "cart.js",
        "abs_path": "/cart.js",
        "context_line": "lines.map(x => x.y)",
    }
    other = {**nameless, "filename": "other.js", "abs_path": "/other.js"}
    assert counted("node", pay, nameless) == ["cart", "pay"]
    assert counted("node", pay, other) == ["cart", "pay", "other", "lines.map(x => x.y)"]


@pytest.mark.parametrize("name", ["new CartError", "CartException"])
def test_the_constructor_of_an_error_does_not_count_in_javascript(name):
    pay = {"filename": "/cart.js", "abs_path": "/cart.js", "function": "pay"}
    made = {**pay, "function": name}
    assert counted("javascript", pay, made) == ["cart", "pay"]
    assert ignored("javascript", pay, made) == {MADE: 1}


def test_where_the_sdk_says_of_no_call_whose_it_is_those_of_libraries_do_not_count():
    silent = [
        {"module": "java.lang.Thread", "function": "run"},
        {"module": "org.hibernate.Session", "function": "load"},
        {"module": "com.example.Cart", "function": "pay"},
    ]
    assert counted("java", *silent, app_only=True) == ["com.example.Cart", "pay"]
    told = [*silent, {"module": "com.example.Main", "function": "serve", "in_app": True}]
    assert counted("java", *told, app_only=True) == ["com.example.Main", "serve"]


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
        ([{"module": "a"}, {"module": "java.lang.X"}], {"module": "a"}, "likely the application"),
        ([MAIN, {"module": "a"}], MAIN, "which counts for less than what the SDK says"),
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
