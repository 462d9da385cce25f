"""Frames of native code that are addresses to functions and lines, by the debug files of the binaries."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from mesher.protocol.event import Event, Frame, Stacktrace
from mesher.symbolication.frames import cut_path
from mesher.symbolication.limits import MAX_MODULES, MAX_NAME_LENGTH
from mesher.symbolication.outcome import Ask, Awaited, Outcome
from mesher.symbolication.problems import (
    AWAITED,
    MISSING_DEBUG_FILE,
    NOT_IN_DEBUG_FILE,
)
from mesher.symbolication.queries import Answer, NativeQuery, Origin, Source

_IMAGE_TYPES = frozenset({"elf", "macho", "apple", "pe", "symbolic", "wasm", "pe_dotnet"})


class _Image(NamedTuple):
    """A binary that was loaded."""

    begin: int
    size: int  # 0: unknown
    debug_id: str
    name: str


def has_native_images(event: Event) -> bool:
    """Whether the event says which binaries were loaded."""
    return next(_read_images(event), None) is not None


def map_native(event: Event, traces: list[Stacktrace], origin: Origin, ask: Ask | None) -> Outcome:
    """Map frames that have an address, in place. Args as ``map_javascript``."""
    return _Work(event, origin, ask).run(traces)


class _Work:
    def __init__(self, event: Event, origin: Origin, ask: Ask | None) -> None:
        self._origin = origin
        self._ask = ask
        self._images = sorted(_read_images(event))
        self._outcome = Outcome()

    def run(self, traces: list[Stacktrace]) -> Outcome:
        wanted: dict[_Image, dict[int, None]] = {}
        for trace in traces:
            for index, frame in enumerate(trace.frames):
                place = self._place(frame, is_newest=index == len(trace.frames) - 1)
                if place and (place[0] in wanted or len(wanted) < MAX_MODULES):
                    wanted.setdefault(place[0], {})[place[1]] = None
        found: dict[tuple[_Image, int], list[Source]] = {}
        for image, addresses in wanted.items():
            answer = self._answer(image, tuple(addresses))
            if answer.problem:
                self._outcome.note(answer.problem, image.name)
                if answer.problem in AWAITED:
                    self._outcome.awaited.add(Awaited("debug_file", image.debug_id))
                continue
            for address, sources in zip(addresses, answer.results, strict=True):
                found[image, address] = sources
                if not sources:
                    self._outcome.note(NOT_IN_DEBUG_FILE, image.name, hex(address))
        for trace in traces:
            self._rewrite(trace, found)
        return self._outcome

    def _place(self, frame: Frame, *, is_newest: bool) -> tuple[_Image, int] | None:
        """
        The binary of a frame and the address in it.

        All but the newest frame hold the address that they return to, which may be of the line, or
        the function, behind the call.
        """
        address = _number(frame.instruction_addr)
        if address is None:
            return None
        back = 0 if is_newest else 1
        if frame.addr_mode and frame.addr_mode.startswith("rel:"):
            number = frame.addr_mode[4:]
            image = self._images[int(number)] if _is_index(number, self._images) else None
            return (image, address - back) if image else None
        at = bisect.bisect_right(self._images, address, key=lambda image: image.begin) - 1
        if at < 0:
            return None
        image = self._images[at]
        offset = address - image.begin
        return (image, offset - back) if not image.size or offset < image.size else None

    def _answer(self, image: _Image, addresses: tuple[int, ...]) -> Answer:
        if self._ask is None:
            return Answer(problem=MISSING_DEBUG_FILE)
        return self._ask(
            NativeQuery(origin=self._origin, debug_id=image.debug_id, places=addresses)
        )

    def _rewrite(self, trace: Stacktrace, found: dict[tuple[_Image, int], list[Source]]) -> None:
        frames: list[Frame] = []
        newest = len(trace.frames) - 1
        for index, frame in enumerate(trace.frames):
            place = self._place(frame, is_newest=index == newest)
            sources = found.get(place, []) if place else []
            frames += [_mapped(frame, source) for source in reversed(sources)] or [frame]
            self._outcome.mapped += bool(sources)
        trace.frames = frames


def _read_images(event: Event) -> Iterator[_Image]:
    for image in event.debug_meta.images if event.debug_meta else []:
        begin = _number(image.image_addr)
        if image.type in _IMAGE_TYPES and begin is not None and image.debug_id:
            name = image.code_file or image.debug_file or image.debug_id
            yield _Image(begin, image.image_size or 0, image.debug_id, name)


def _is_index(text: str, images: list[_Image]) -> bool:
    return text.isdecimal() and int(text) < len(images)


def _number(address: str | None) -> int | None:
    return int(address, 16) if address else None


def _mapped(frame: Frame, source: Source) -> Frame:
    mapped: Frame = msgspec.structs.replace(
        frame,
        function=(source.function or frame.function or "")[:MAX_NAME_LENGTH] or None,
        filename=cut_path(source.path.rpartition("/")[2]) if source.path else frame.filename,
        abs_path=cut_path(source.path) if source.path else frame.abs_path,
        lineno=source.line or frame.lineno,
        data={**(frame.data or {}), "mapped": "native"},
    )
    return mapped
