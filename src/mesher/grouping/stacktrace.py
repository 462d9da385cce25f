"""
Stack traces: which calls count, and by what.

A call counts by its module, or else the name of its file, and by its function. Line and column
numbers never count, nor does the text of the line where there is a function: formatting a line, or
adding an argument to it, must not make a new issue of an old one. Where a call has no function, the
line is all that tells it from its neighbours, and counts.

A call that comes several times counts once, where it is newest, so the depth of a recursion does not
count; and how the program was started does not, where anything else does.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from mesher.grouping.explanation import Part
from mesher.grouping.functions import JAVASCRIPT, call_name
from mesher.grouping.in_app import is_evaluated, is_helper, is_in_app, may_be_in_app
from mesher.grouping.marks import MarkedFrame, MarkedTrace
from mesher.grouping.places import file_name, is_mapped
from mesher.protocol.event import Event, Frame, Stacktrace

# Longer lines are generated or minified.
MAX_LINE_CHARACTERS = 120
_LINE_PLATFORMS = JAVASCRIPT | {"python", "php", "ruby"}
# Whose calls nearly always have a module and a function, and then need nothing else.
_BY_NAME = frozenset({"python", "java", "go", "csharp"})
_WHITE_SPACE = re.compile(r"\s+")
_OPENED = ("http:", "https:", "blob:", "applewebdata:", "file:")
_ENTRIES = frozenset({"<module>", "<main>", "<top (required)>", "main", "Main", "<Main>$"})

# Firefox and Safari show the constructor of an error as a call, Chrome does not.
_ERROR_CLASS = re.compile(r"[A-Z]\w*(?:Error|Exception)")

NOT_IN_APP = "not the application's own code"
REPEATED = "the same as a later call (recursion)"
PASSED = "not part of the loop that used up the stack"
EVALUATED = "evaluated or native code, which has no place"
HELPER = "helper code of runtimes, compilers and monitoring"
LEFT_OUT = "left out by a rule of the project"
TOO_FEW = "fewer calls than a rule of the project asks for"
TOO_MANY = "more calls than a rule of the project lets count"
CLOSURE = "a function without a name, within the one before it"
MADE = "the making of the error itself"
ENTRY = "where the program starts"
NOTHING_STABLE = "no module, file or function that stays the same from build to build"

# Label and value of the place of a call, and label and value of its function or line; empty values
# do not count.
_Call = tuple[str, str, str, str]


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


def count_calls(
    trace: Stacktrace, platform: str, *, app_only: bool, overflow: bool = False
) -> Calls:
    """
    What counts of a stack trace, oldest call first.

    Args:
        trace: all its calls.
        platform: of the event.
        app_only: count the application's own calls only.
        overflow: the stack was used up. Which call did that is chance, so of a loop of calls all
            count alike, in the order of their names.
    """
    frames = trace.frames
    ignored: dict[str, int] = {}
    if app_only:
        frames = _own_frames(frames, platform)
        if len(frames) < len(trace.frames):
            ignored[NOT_IN_APP] = len(trace.frames) - len(frames)
    calls: list[_Call] = []
    call = _marked_call if isinstance(trace, MarkedTrace) else _call
    for frame in frames:
        found = call(frame, frame.platform or platform)
        if isinstance(found, tuple):
            if found[2] != "line" or not calls or calls[-1][:2] != found[:2]:
                calls.append(found)
                continue
            found = CLOSURE
        ignored[found] = ignored.get(found, 0) + 1
    if platform in JAVASCRIPT:
        while calls and _ERROR_CLASS.fullmatch(calls[-1][3]):
            calls.pop()
            ignored[MADE] = ignored.get(MADE, 0) + 1
    calls = _counted(calls, platform, ignored, overflow=overflow)
    if isinstance(trace, MarkedTrace):
        calls = _limited(trace, calls, ignored)
    return Calls(_parts(calls), ignored)


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
    for frame in reversed(_own_frames(trace.frames, platform)):
        if not is_helper(frame, frame.platform or platform):
            return frame
    return newest or trace.frames[-1]


def _own_frames(frames: list[Frame], platform: str) -> list[Frame]:
    """The application's calls: those of which the SDK says so, else those that may be."""
    told = [frame for frame in frames if frame.in_app]
    if told:
        return [frame for frame in told if is_in_app(frame, frame.platform or platform)]
    return [frame for frame in frames if may_be_in_app(frame)]


def _counted(
    calls: list[_Call], platform: str, ignored: dict[str, int], *, overflow: bool
) -> list[_Call]:
    if overflow:
        times = Counter(calls)
        loop = sorted(call for call in times if times[call] > 1)
        if loop:
            if once := len(times) - len(loop):
                ignored[PASSED] = once
            ignored[REPEATED] = times.total() - len(times)
            return loop
    if len(calls) <= 1:
        return calls
    newest_first = list(dict.fromkeys(reversed(calls)))
    if len(newest_first) < len(calls):
        ignored[REPEATED] = len(calls) - len(newest_first)
    while len(newest_first) > 1 and _is_entry(newest_first[-1], platform):
        newest_first.pop()
        ignored[ENTRY] = ignored.get(ENTRY, 0) + 1
    return newest_first[::-1]


def _limited(trace: MarkedTrace, calls: list[_Call], ignored: dict[str, int]) -> list[_Call]:
    """What counts under the limits of a rule: the newest calls, or none if there are too few."""
    if calls and len(calls) < trace.at_least:
        ignored[TOO_FEW] = len(calls)
        return []
    beyond = 0 if trace.at_most is None else max(0, len(calls) - trace.at_most)
    if beyond:
        ignored[TOO_MANY] = beyond
    return calls[beyond:]


def _is_entry(call: _Call, platform: str) -> bool:
    """Whether a call, the oldest of its stack, is where a program starts."""
    _, _, label, name = call
    if label == "function":
        return name in _ENTRIES
    return platform == "php"  # there only what stands outside of functions has none


def _parts(calls: list[_Call]) -> list[Part]:
    parts: list[Part] = []
    for place_label, place, name_label, name in calls:
        if place:
            parts.append(Part(place_label, place))
        if name:
            parts.append(Part(name_label, name))
    return parts


def _marked_call(frame: Frame, platform: str) -> _Call | str:
    """As ``_call``, where rules had a say."""
    counts = frame.counts if isinstance(frame, MarkedFrame) else None
    if counts is None:
        return _call(frame, platform)
    return _told_call(frame, platform) if counts else LEFT_OUT


def _call(frame: Frame, platform: str) -> _Call | str:
    """What counts of one call, or in words why nothing does."""
    if platform in _BY_NAME and frame.module and frame.function and not frame.raw_function:
        return _named_call(platform, frame.module, frame.function)
    if is_evaluated(frame, platform):
        return EVALUATED
    if is_helper(frame, platform):
        return HELPER
    return _told_call(frame, platform)


def _told_call(frame: Frame, platform: str) -> _Call | str:
    """
    What counts of a call, whatever it is of.

    Of JavaScript its file, and not its module: what SDKs make of the one for the other changes with
    their version.
    """
    module, function, _ = call_name(frame, platform)
    is_script = platform in JAVASCRIPT
    line = ""
    if not function and platform in _LINE_PLATFORMS:
        opened = is_script and (frame.abs_path or "").startswith(_OPENED)
        if opened and not is_mapped(frame):
            return NOTHING_STABLE  # the name of a bundle alone
        line = "" if opened else _line(frame)
    if module and not is_script:
        return _call_of("module", module, function, line)
    return _call_of("file", file_name(frame, platform), function, line)


def _call_of(label: str, place: str, function: str, line: str) -> _Call | str:
    if function:
        return label, place, "function", function
    return (label, place, "line", line) if place or line else NOTHING_STABLE


@lru_cache(maxsize=8192)  # a project has some thousands of functions; a name is 1 KB at most
def _named_call(platform: str, module: str, function: str) -> _Call | str:
    """What counts of a call that its module and its function are enough for: of most."""
    frame = Frame(module=module, function=function)
    if is_helper(frame, platform):
        return HELPER
    module, function, _ = call_name(frame, platform)
    return "module", module, "function" if function else "line", function


def _line(frame: Frame) -> str:
    line = frame.context_line
    if not line or len(line) > MAX_LINE_CHARACTERS:
        return ""
    return _WHITE_SPACE.sub(" ", line).strip()
