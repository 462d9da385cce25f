"""
Stack traces: which calls count, and by what.

A call counts by its module, or else the name of its file, and by its function. Line and column
numbers never count, nor does the text of the line where there is a function: formatting a line, or
adding an argument to it, must not make a new issue of an old one. Where a call has no function, the
line is all that tells it from its neighbours, and counts.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mesher.grouping.explanation import Part
from mesher.grouping.functions import JAVASCRIPT, grouping_function
from mesher.grouping.in_app import is_evaluated, is_helper, is_in_app
from mesher.grouping.marks import MarkedFrame, MarkedTrace
from mesher.protocol.event import Event, Frame, Stacktrace

# Longer lines are generated or minified.
MAX_LINE_CHARACTERS = 120
_LINE_PLATFORMS = JAVASCRIPT | {"python", "php", "ruby"}
_WHITE_SPACE = re.compile(r"\s+")
_FETCHED = ("http:", "https:", "blob:", "applewebdata:")  # their names change with each build
_OPENED = (*_FETCHED, "file:")
_NO_FILES = frozenset({"<anonymous>", "[native code]"})
_JAVA_GENERATED = re.compile(
    r"(?P<kept>(?:jdk\.internal|sun)\.reflect\.Generated\w*?Accessor)\d+"
    r"|(?P<marker>\$\$\w*CGLIB\$\$|\$\$?(?:EnhancerBy|FastClassBy)\w+?\$\$|_\$\$_javassist"
    r"|\$fn__|\$HibernateProxy\$).*"
)

NOT_IN_APP = "not the application's own code"
REPEATED = "the same as the call before (recursion)"
EVALUATED = "evaluated or native code, which has no place"
HELPER = "helper code of runtimes, compilers and monitoring"
LEFT_OUT = "left out by a rule of the project"
TOO_FEW = "fewer calls than a rule of the project asks for"
TOO_MANY = "more calls than a rule of the project lets count"
NOTHING_STABLE = "no module, file or function that stays the same from build to build"


class Calls(NamedTuple):
    """What counts of a stack trace, and how many of its calls do not, by reason."""

    parts: list[Part]
    ignored: dict[str, int]


def event_trace(event: Event) -> Stacktrace | None:
    """
    The stack trace of an event that is not an exception's: of the thread that crashed, else of the
    current one, else of the only one; else the event's own.
    """
    for chosen in (
        [thread for thread in event.threads if thread.crashed],
        [thread for thread in event.threads if thread.current],
        event.threads,
    ):
        if len(chosen) == 1:
            return chosen[0].stacktrace or event.stacktrace
    return event.stacktrace


def count_calls(trace: Stacktrace, platform: str, *, app_only: bool) -> Calls:
    """
    What counts of a stack trace, oldest call first.

    Args:
        trace: all its calls.
        platform: of the event.
        app_only: count the application's own calls only.
    """
    frames = trace.frames
    ignored: dict[str, int] = {}
    if app_only:
        frames = [frame for frame in frames if is_in_app(frame, frame.platform or platform)]
        if len(frames) < len(trace.frames):
            ignored[NOT_IN_APP] = len(trace.frames) - len(frames)
    alone = len(trace.frames) == 1
    call_parts = _marked_call_parts if isinstance(trace, MarkedTrace) else _call_parts
    calls: list[list[Part]] = []
    previous: list[Part] = []
    for frame in frames:
        found = call_parts(frame, frame.platform or platform, alone=alone)
        if found == previous:
            found = REPEATED
        if isinstance(found, str):
            ignored[found] = ignored.get(found, 0) + 1
        else:
            calls.append(found)
            previous = found
    if isinstance(trace, MarkedTrace):
        calls = _limited(trace, calls, ignored)
    return Calls([part for call in calls for part in call], ignored)


def crash_frame(trace: Stacktrace, platform: str) -> Frame:
    """
    The call that people look at first: the newest of the application, else the newest of all, in
    both cases of those that say something.
    """
    newest: Frame | None = None
    for frame in reversed(trace.frames):
        of = frame.platform or platform
        in_app = is_in_app(frame, of)
        if (in_app or newest is None) and not is_helper(frame, of) and not is_evaluated(frame, of):
            if in_app:
                return frame
            newest = frame
    return newest or trace.frames[-1]


def _limited(
    trace: MarkedTrace, calls: list[list[Part]], ignored: dict[str, int]
) -> list[list[Part]]:
    """What counts under the limits of a rule: the newest calls, or none if there are too few."""
    if calls and len(calls) < trace.at_least:
        ignored[TOO_FEW] = len(calls)
        return []
    beyond = 0 if trace.at_most is None else max(0, len(calls) - trace.at_most)
    if beyond:
        ignored[TOO_MANY] = beyond
    return calls[beyond:]


def _marked_call_parts(frame: Frame, platform: str, *, alone: bool) -> list[Part] | str:
    """As ``_call_parts``, where rules had a say."""
    counts = frame.counts if isinstance(frame, MarkedFrame) else None
    if counts is False:
        return LEFT_OUT
    return _call_parts(frame, platform, alone=alone, anyway=counts is True)


def _call_parts(
    frame: Frame, platform: str, *, alone: bool, anyway: bool = False
) -> list[Part] | str:
    """The parts of one call, or in words why it has none; ``anyway``: also of a helper."""
    if not anyway:
        if is_evaluated(frame, platform):
            return EVALUATED
        if is_helper(frame, platform):
            return HELPER
    function = grouping_function(frame, platform)
    opened = platform in JAVASCRIPT and (frame.abs_path or "").startswith(_OPENED)
    if alone and opened and not function:
        return NOTHING_STABLE
    parts: list[Part] = []
    if module := _module(frame, platform):
        parts.append(Part("module", module))
    elif file := _file(frame, platform):
        parts.append(Part("file", file))
    if function:
        parts.append(Part("function", function))
    elif platform in _LINE_PLATFORMS and not opened and (line := _line(frame)):
        parts.append(Part("line", line))
    return parts or NOTHING_STABLE


def _module(frame: Frame, platform: str) -> str:
    module = frame.module
    if not module:
        return ""
    if platform in JAVASCRIPT and "/" in module and (frame.abs_path or "").endswith(module):
        return ""  # a path that an old SDK put there
    if platform == "java":
        return "" if "$$Lambda$" in module else _without_generated(module)
    return module


def _file(frame: Frame, platform: str) -> str:
    if not frame.filename or (frame.abs_path or "").startswith(_FETCHED):
        return ""
    name = frame.filename.replace("\\", "/").rpartition("/")[2]
    if platform in JAVASCRIPT:
        name = name.partition("?")[0]
    elif platform == "java":
        name = _without_generated(name)
    return "" if name in _NO_FILES else name.lower()


def _line(frame: Frame) -> str:
    line = frame.context_line
    if not line or len(line) > MAX_LINE_CHARACTERS:
        return ""
    return _WHITE_SPACE.sub(" ", line).strip()


def _without_generated(name: str) -> str:
    return _JAVA_GENERATED.sub(lambda found: found["kept"] or f"{found['marker']}<auto>", name)
