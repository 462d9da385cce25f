"""Stack traces and frames: forms, clean-up and limits."""

from __future__ import annotations

from typing import Any

import pytest

from mesher.protocol.event import Frame


@pytest.fixture
def frame(read):
    """Reads one frame."""

    def read_one(**attributes: Any) -> Frame:
        return read({"stacktrace": {"frames": [attributes]}}).stacktrace.frames[0]

    return read_one


@pytest.mark.parametrize(
    ("attribute", "given", "kept", "why"),
    [
        ("function", "?", None, "how old clients say unknown"),
        ("symbol", "?", None, "the same"),
        ("function", 7, "7", "a number is text"),
        ("function", "x" * 533, "x" * 509 + "...", "cut"),
        ("context_line", "x" * 3000, "x" * 2045 + "...", "a minified line"),
        ("lineno", 0, 0, "zero is allowed"),
        ("lineno", -1, None, "negative is not"),
        ("lineno", 7.0, 7, "a whole number with a point"),
        ("lineno", 7.5, None, "a fraction"),
        ("lineno", "7", None, "a number as text"),
        ("lineno", 2**40, None, "more lines than any file has"),
        ("in_app", None, None, "unknown"),
        ("in_app", "yes", None, "not a boolean"),
        ("module", None, None, "null is absent"),
        ("vars", ["a", "b"], {"0": "a", "1": "b"}, "a list becomes a map"),
        ("vars", "a", None, "a text does not"),
        ("vars", {"a": [[[[[1]]]]]}, {"a": [[[["[1]"]]]]}, "deeper than five levels"),
        ("instruction_addr", 4096, "0x1000", "a number is an address"),
        ("instruction_addr", "0x0001F00", "0x1f00", "so is a text, in one spelling"),
        ("instruction_addr", "here", None, "another text is none"),
        ("instruction_addr", "", None, "nor is an empty one"),
        ("instruction_addr", True, None, "nor a boolean"),
        ("instruction_addr", [], None, "nor a list"),
        ("addr_mode", "rel:0", "rel:0", "an address within an image"),
        ("function_id", 7, "7", "the token of a method"),
        ("trust", "cfi", "cfi", "how a stack walker found it"),
        ("stack_start", True, True, "where an asynchronous part begins"),
        ("lock", {"type": 1, "address": "0x1"}, {"type": 1, "address": "0x1"}, "a monitor"),
        ("pre_context", ["a", None, 7], ["a", None, None], "Ruby's nulls"),
        ("pre_context", "a", None, "not a list"),
    ],
)
def test_a_frame_attribute_is_read(frame, attribute, given, kept, why):
    assert getattr(frame(**{attribute: given}), attribute) == kept, why


@pytest.mark.parametrize(
    ("given", "filename", "abs_path", "why"),
    [
        ({"filename": "a.py"}, "a.py", "a.py", "the full path from the short one"),
        ({"abs_path": "/x/a.py"}, "/x/a.py", "/x/a.py", "and the other way round"),
        ({"abs_path": "http://h/a.js?v=1"}, "/a.js", "http://h/a.js?v=1", "of a URL its path"),
        ({"abs_path": "http://h"}, "http://h", "http://h", "a URL without one"),
        ({"abs_path": "http://[h/a"}, "http://[h/a", "http://[h/a", "a URL that is none"),
        ({"abs_path": "app:///a.js"}, "app:///a.js", "app:///a.js", "another scheme"),
        ({}, None, None, "neither"),
    ],
)
def test_the_two_paths_of_a_frame_complete_each_other(frame, given, filename, abs_path, why):
    read_frame = frame(**given)
    assert (read_frame.filename, read_frame.abs_path) == (filename, abs_path), why


def test_all_addresses_of_a_native_frame_are_in_one_spelling(frame):
    native = frame(instruction_addr="0x0A", symbol_addr="0x08", image_addr=0, package="/lib/a")
    assert (native.instruction_addr, native.symbol_addr, native.image_addr) == ("0xa", "0x8", "0x0")
    assert native.package == "/lib/a"


def test_what_a_stack_trace_says_of_itself_is_kept(read):
    said = {"lang": "c", "snapshot": True, "instruction_addr_adjustment": "none"}
    trace = read({"stacktrace": {"frames": [{"function": "f"}], **said}}).stacktrace
    assert (trace.lang, trace.snapshot, trace.instruction_addr_adjustment) == ("c", True, "none")


def test_lines_around_imply_a_line_between(frame):
    assert frame(pre_context=["a"]).context_line == ""
    assert frame(post_context=["a"]).context_line == ""
    assert frame().context_line is None


def test_locals_are_bounded_with_a_note(read, noted):
    frames = [{"vars": {"a": "x" * 5000, "b": 1}, "data": {"c": "x" * 5000}}]
    event = read({"stacktrace": {"frames": frames, "registers": {"r": "x" * 5000}}})
    kept = event.stacktrace.frames[0].vars
    assert kept["a"].endswith("...")
    assert kept["b"] == 1, "what stands behind a long value stays"
    assert noted(event) == [
        ("value_too_long", "stacktrace.registers"),
        ("value_too_long", "stacktrace.frames.vars"),
        ("value_too_long", "stacktrace.frames.data"),
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"frames": [{"function": "f"}]},
        [{"function": "f"}],
        {"frames": [None, {"function": "f"}, 7]},
    ],
)
def test_a_stack_trace_comes_in_several_forms(read, given):
    assert [frame.function for frame in read({"stacktrace": given}).stacktrace.frames] == ["f"]


@pytest.mark.parametrize(
    "given", [None, {}, [], {"frames": []}, {"frames": None}, {"frames": 7}, 7]
)
def test_a_stack_trace_without_frames_says_nothing(read, given):
    assert read({"stacktrace": given}).stacktrace is None


def test_of_too_many_frames_the_oldest_and_the_newest_are_kept(read, noted):
    frames = [{"function": f"f{number}", "lineno": number} for number in range(300)]
    event = read({"stacktrace": {"frames": frames}})
    kept = event.stacktrace.frames
    assert [frame.lineno for frame in kept] == [*range(50), *range(100, 300)]
    assert event.stacktrace.frames_omitted == [50, 100]
    assert noted(event) == [("value_too_long", "stacktrace.frames")]


def test_of_many_frames_those_in_the_middle_lose_their_details(read):
    details = {"vars": {"a": 1}, "pre_context": ["p"], "context_line": "c", "post_context": ["q"]}
    event = read({"stacktrace": {"frames": [details] * 60}})
    detailed = [frame.vars is not None for frame in event.stacktrace.frames]
    assert detailed == [True] * 25 + [False] * 10 + [True] * 25
    assert event.stacktrace.frames[30].context_line is None


def test_a_stack_trace_beside_one_exception_is_that_exceptions(read):
    trace = {"frames": [{"function": "f"}]}
    event = read({"stacktrace": trace, "exception": [{"type": "T"}]})
    assert event.stacktrace is None
    assert event.exception[0].stacktrace.frames[0].function == "f"


def test_a_stack_trace_beside_several_exceptions_stays_the_events(read):
    trace = {"frames": [{"function": "f"}]}
    event = read({"stacktrace": trace, "exception": [{"type": "T"}, {"type": "U"}]})
    assert event.stacktrace is not None
