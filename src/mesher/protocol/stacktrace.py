"""Stack traces and their frames: reading of all forms, clean-up, and limits."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec

from mesher.protocol import limits
from mesher.protocol.event import Frame, Stacktrace
from mesher.protocol.free_form import cut_to_size, flatten, json_size
from mesher.protocol.lenient import (
    Notes,
    Reader,
    convert,
    cut,
    read_lenient_text,
    read_struct,
)

_TEXT_LIMITS = {
    "function": limits.FUNCTION_CHARACTERS,
    "raw_function": limits.FUNCTION_CHARACTERS,
    "symbol": limits.FUNCTION_CHARACTERS,
    "module": limits.TYPE_CHARACTERS,
    "filename": limits.PATH_CHARACTERS,
    "abs_path": limits.PATH_CHARACTERS,
    "package": limits.PATH_CHARACTERS,
    "context_line": limits.CONTEXT_LINE_CHARACTERS,
}
# The shortest of the limits above: a frame whose texts all stay below needs no look at each limit.
_SHORTEST_LIMIT = min(characters for characters, _ in _TEXT_LIMITS.values())


def read_stacktrace(value: Any, notes: Notes, path: str) -> Stacktrace | None:
    """
    Read a stack trace from decoded JSON: ``{"frames": […]}`` or, in old clients, the bare list.

    Returns:
        The trace with its frames oldest call first; ``None`` when there is nothing in it.
    """
    if isinstance(value, list):
        value = {"frames": value}
    return read_struct(Stacktrace, value, notes, path, _STACKTRACE_READERS)


def finish_stacktrace(trace: Stacktrace | None, notes: Notes, path: str) -> Stacktrace | None:
    """
    Clean and bound a stack trace of at most any size, in place.

    Keeps the 50 oldest and the 200 newest frames, drops locals and context lines of the middle ones
    above 50 frames, and completes what one frame attribute says of another.

    Returns:
        The trace; ``None`` when it has no frames (an empty list says nothing).
    """
    if trace is None or not trace.frames:
        return None
    frames = trace.frames
    if len(frames) > limits.MAX_FRAMES:
        newest = limits.MAX_FRAMES - limits.KEEP_OLDEST_FRAMES
        omitted = [limits.KEEP_OLDEST_FRAMES, len(frames) - newest]
        notes.add("value_too_long", f"{path}.frames", len(frames))
        trace.frames_omitted = omitted
        frames = trace.frames = frames[: limits.KEEP_OLDEST_FRAMES] + frames[-newest:]
    if len(frames) > limits.DETAILED_FRAMES:
        half = limits.DETAILED_FRAMES // 2
        for frame in frames[half:-half]:
            frame.vars = frame.pre_context = frame.context_line = frame.post_context = None
    for frame in frames:
        _finish_frame(frame, notes, path)
    return trace


def _finish_frame(frame: Frame, notes: Notes, path: str) -> None:
    if frame.function == "?":
        frame.function = None
    if not frame.filename:
        frame.filename = _path_of(frame.abs_path) if frame.abs_path else None
    elif not frame.abs_path:
        frame.abs_path = frame.filename
    if frame.lineno is not None and frame.lineno < 0:
        notes.invalid(f"{path}.frames.lineno", frame.lineno)
        frame.lineno = None
    if frame.context_line is None and (frame.pre_context or frame.post_context):
        frame.context_line = ""
    if any(len(getattr(frame, name) or "") > _SHORTEST_LIMIT for name in _TEXT_LIMITS):
        _cut_texts(frame, notes, path)
    for lines in (frame.pre_context, frame.post_context):
        if lines:
            _cut_lines(lines)
    if frame.vars and json_size(frame.vars) > limits.SMALL_BAG[0]:
        notes.add("value_too_long", f"{path}.frames.vars")
        frame.vars = cut_to_size(frame.vars, limits.SMALL_BAG[0])


def _cut_texts(frame: Frame, notes: Notes, path: str) -> None:
    for name, limit in _TEXT_LIMITS.items():
        text = getattr(frame, name)
        if text:
            setattr(frame, name, cut(text, limit, notes, f"{path}.frames.{name}"))


def _cut_lines(lines: list[str]) -> None:
    longest = limits.CONTEXT_LINE_CHARACTERS[0]
    for index, line in enumerate(lines):
        if len(line) > longest:
            lines[index] = line[: longest - 3] + "..."


def _path_of(abs_path: str) -> str:
    """A file name for a frame that has only the full one: of URLs the path part."""
    if abs_path.startswith(("http://", "https://")):
        try:
            return urlsplit(abs_path).path or abs_path
        except ValueError:
            return abs_path
    return abs_path


def _read_frames(value: Any, notes: Notes, path: str) -> list[Frame]:
    if not isinstance(value, list):
        notes.invalid(path, value)
        return []
    frames = (_read_frame(frame, notes, f"{path}.{index}") for index, frame in enumerate(value))
    return [frame for frame in frames if frame is not None]


def _read_frame(value: Any, notes: Notes, path: str) -> Frame | None:
    if value is None:
        return None
    try:
        return msgspec.convert(value, Frame)
    except msgspec.ValidationError:
        return read_struct(Frame, value, notes, path, _FRAME_READERS)


def _read_vars(value: Any, _notes: Notes, _path: str) -> dict[str, Any] | None:
    if isinstance(value, list):
        value = {str(index): inner for index, inner in enumerate(value)}
    if not isinstance(value, dict):
        return None
    return {key: flatten(inner, limits.SMALL_BAG[1] - 1) for key, inner in value.items()}


def _read_context_lines(value: Any, notes: Notes, path: str) -> list[str] | None:
    if not isinstance(value, list):
        notes.invalid(path, value)
        return None
    return [line if isinstance(line, str) else "" for line in value]


def _read_address(value: Any, notes: Notes, path: str) -> str | None:
    """Addresses come as hexadecimal or decimal text, or as numbers."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return hex(value)
    if isinstance(value, str):
        return value[:40]
    notes.invalid(path, value)
    return None


def _read_line_number(value: Any, notes: Notes, path: str) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    number: int | None = convert(int, value, notes, path)
    return number


_FRAME_READERS: dict[str, Reader] = {
    "function": read_lenient_text,
    "filename": read_lenient_text,
    "abs_path": read_lenient_text,
    "module": read_lenient_text,
    "vars": _read_vars,
    "pre_context": _read_context_lines,
    "post_context": _read_context_lines,
    "instruction_addr": _read_address,
    "symbol_addr": _read_address,
    "image_addr": _read_address,
    "lineno": _read_line_number,
    "colno": _read_line_number,
}
_STACKTRACE_READERS: dict[str, Reader] = {"frames": _read_frames, "registers": _read_vars}
