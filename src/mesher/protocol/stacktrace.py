"""Stack traces and their frames: reading of all forms, clean-up, and limits."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec

from mesher.protocol import limits
from mesher.protocol.addresses import hexadecimal_address
from mesher.protocol.event import Frame, Stacktrace
from mesher.protocol.free_form import json_size
from mesher.protocol.lenient import Notes, StructReader, TypedReader, shorten, text_within

_BAG_BYTES = limits.SMALL_BAG[0]
_ADDRESSES = ("instruction_addr", "symbol_addr", "image_addr")


def read_stacktrace(value: Any, notes: Notes, path: str) -> Stacktrace | None:
    """
    Read a stack trace from decoded JSON: ``{"frames": […]}`` or, in old clients, the bare list.

    Returns:
        The trace with its frames oldest call first; ``None`` when it is neither.
    """
    if isinstance(value, list):
        value = {"frames": value}
    return _read_trace(value, notes, path)


def read_event_stacktrace(given: Stacktrace | msgspec.Raw, notes: Notes) -> Stacktrace | None:
    """Read the stack trace of an event that is not an exception's."""
    return _typed_trace(given, notes, "stacktrace")


def read_frame(value: Any, notes: Notes, path: str) -> Frame | None:
    """Read one frame from decoded JSON; ``None`` for null, which stands in some lists."""
    if value is None:
        return None
    try:
        return msgspec.convert(value, Frame)
    except msgspec.ValidationError:
        return _read_frame(value, notes, path)


def finish_stacktrace(trace: Stacktrace | None, notes: Notes, path: str) -> Stacktrace | None:
    """
    Clean and bound a stack trace, in place.

    Keeps the 50 oldest and the 200 newest frames, drops locals and context lines of the middle ones
    above 50 frames, and completes what one frame attribute says of another.

    Returns:
        The trace; ``None`` when it has no frames (an empty list says nothing).
    """
    if trace is None or not trace.frames:
        return None
    frames = trace.frames
    if trace.registers:
        trace.registers = shorten(trace.registers, limits.SMALL_BAG, notes, f"{path}.registers")
    if len(frames) > limits.MAX_FRAMES:
        newest = limits.MAX_FRAMES - limits.KEEP_OLDEST_FRAMES
        notes.add("value_too_long", f"{path}.frames", len(frames))
        trace.frames_omitted = [limits.KEEP_OLDEST_FRAMES, len(frames) - newest]
        frames = trace.frames = frames[: limits.KEEP_OLDEST_FRAMES] + frames[-newest:]
    if len(frames) > limits.DETAILED_FRAMES:
        half = limits.DETAILED_FRAMES // 2
        for frame in frames[half:-half]:
            frame.vars = frame.pre_context = frame.context_line = frame.post_context = None
    frames_path = f"{path}.frames"
    for frame in frames:
        finish_frame(frame, notes, frames_path)
    return trace


def finish_frame(frame: Frame, notes: Notes, path: str) -> None:
    """Clean and bound a frame, in place."""
    if frame.function == "?":
        frame.function = None
    if frame.symbol == "?":
        frame.symbol = None
    if not frame.filename:
        frame.filename = _path_of(frame.abs_path) if frame.abs_path else None
    elif not frame.abs_path:
        frame.abs_path = frame.filename
    if frame.context_line is None and (frame.pre_context or frame.post_context):
        frame.context_line = ""
    if frame.instruction_addr is not None:
        _spell_addresses(frame, notes, path)
    if frame.vars and json_size(frame.vars) > _BAG_BYTES:
        frame.vars = shorten(frame.vars, limits.SMALL_BAG, notes, f"{path}.vars")
    if frame.data and json_size(frame.data) > _BAG_BYTES:
        frame.data = shorten(frame.data, limits.SMALL_BAG, notes, f"{path}.data")
    if frame.lock:
        frame.lock = shorten(frame.lock, limits.SMALL_BAG, notes, f"{path}.lock")


def _spell_addresses(frame: Frame, notes: Notes, path: str) -> None:
    """Addresses in one spelling; the others come with that of the instruction."""
    for name in _ADDRESSES:
        given = getattr(frame, name)
        if given is not None:
            address = hexadecimal_address(given)
            if address is None and given:
                notes.invalid(f"{path}.{name}", given)
            setattr(frame, name, address)


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
    frames = (read_frame(frame, notes, f"{path}.{index}") for index, frame in enumerate(value))
    return [frame for frame in frames if frame is not None]


def _read_lines_before(value: Any, notes: Notes, path: str) -> list[str | None] | None:
    return _read_lines(value, slice(-limits.MAX_CONTEXT_LINES, None), notes, path)


def _read_lines_behind(value: Any, notes: Notes, path: str) -> list[str | None] | None:
    return _read_lines(value, slice(limits.MAX_CONTEXT_LINES), notes, path)


def _read_lines(value: Any, nearest: slice, notes: Notes, path: str) -> list[str | None] | None:
    if not isinstance(value, list):
        notes.invalid(path, value)
        return None
    if len(value) > limits.MAX_CONTEXT_LINES:
        notes.add("value_too_long", path, len(value))
        value = value[nearest]
    return [_read_line(line, notes, path) if isinstance(line, str) else None for line in value]


def _read_sent_address(value: Any, notes: Notes, path: str) -> str | None:
    """A number as text; in what spelling texts are is seen to when the frame is finished."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = hex(value)
    text: str | None = _read_name(value, notes, path)
    return text


_read_name = text_within(limits.NAME_CHARACTERS)
_read_line = text_within(limits.CONTEXT_LINE_CHARACTERS)
_read_frame = StructReader(
    Frame,
    {
        "pre_context": _read_lines_before,
        "post_context": _read_lines_behind,
        **dict.fromkeys(_ADDRESSES, _read_sent_address),
    },
)
_read_trace = StructReader(Stacktrace, {"frames": _read_frames})
_typed_trace: TypedReader[Stacktrace | None] = TypedReader(Stacktrace, read_stacktrace)
