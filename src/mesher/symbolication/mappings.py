"""ProGuard and R8 mappings: found among what was uploaded, read with the native library, and asked."""

from __future__ import annotations

import os

from symbolic.exceptions import SymbolicError
from symbolic.proguard import ProguardMapper

from mesher.symbolication import problems
from mesher.symbolication.limits import MAX_INLINED, MAX_RESOLVED_BYTES
from mesher.symbolication.parsed import ParsedFiles
from mesher.symbolication.queries import Answer, Call, ProguardQuery, Source
from mesher.symbolication.shelf import Shelf, ShelfFile


class Mappings:
    """Answers queries for obfuscated Java code."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._parsed: ParsedFiles[ProguardMapper] = ParsedFiles()

    def answer(self, query: ProguardQuery) -> Answer:
        """What a mapping says of calls and classes."""
        file = self._shelf.debug_file(query.origin, query.debug_id, ["mapping"])
        if file is None:
            return Answer(problem=problems.MISSING_MAPPING)
        if file.size_bytes > MAX_RESOLVED_BYTES:
            return Answer(problem=problems.TOO_LARGE, found=file.url)
        try:
            mapper = self._parsed.get(file.key, lambda: self._read(file))
        except (SymbolicError, OSError):
            return Answer(problem=problems.INVALID_DEBUG_FILE, found=file.url)
        return Answer(results=[_look_up(mapper, call) for call in query.places], found=file.url)

    def _read(self, file: ShelfFile) -> tuple[ProguardMapper, int]:
        data = self._shelf.read(file) or b""
        # The library reads mappings from files only; this one is in memory.
        descriptor = os.memfd_create("mapping")
        with os.fdopen(descriptor, "wb") as memory:
            memory.write(data)
            memory.flush()
            return ProguardMapper.open(f"/proc/self/fd/{descriptor}"), len(data)


def _look_up(mapper: ProguardMapper, call: Call) -> list[Source]:
    if call.method:
        frames = mapper.remap_frame(call.class_name, call.method, call.line)
        if frames:
            return [
                Source(
                    path=frame.file,
                    line=frame.line,
                    function=frame.method,
                    class_name=frame.class_name,
                )
                for frame in frames[:MAX_INLINED]
            ]
    class_name = mapper.remap_class(call.class_name)
    if class_name is None or class_name == call.class_name:
        return []
    return [Source(class_name=class_name, function=call.method or None, line=call.line)]
