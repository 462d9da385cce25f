"""Debug files of native code: found among what was uploaded, read with the native library, and asked."""

from __future__ import annotations

from demangle import demangle
from symbolic.debuginfo import Archive, Object
from symbolic.exceptions import SymbolicError
from symbolic.symcache import SourceLocation, SymCache

from mesher.symbolication import problems
from mesher.symbolication.limits import MAX_INLINED, MAX_RESOLVED_BYTES
from mesher.symbolication.parsed import ParsedFiles
from mesher.symbolication.queries import Answer, NativeQuery, Source
from mesher.symbolication.shelf import Shelf, ShelfFile

# Names that a compiler encoded: C++ and old Rust, Rust, Swift, Visual C++. Others are names of C.
_ENCODED = ("_Z", "__Z", "_R", "$s", "_$s", "$S", "?")


class DebugSymbols:
    """Answers queries for native code."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._parsed: ParsedFiles[SymCache] = ParsedFiles()

    def answer(self, query: NativeQuery) -> Answer:
        """What a debug file says of addresses in its binary."""
        # Names of functions alone are better than nothing.
        file = self._shelf.debug_file(query.origin, query.debug_id, ["debug", "symtab"])
        if file is None:
            return Answer(problem=problems.MISSING_DEBUG_FILE)
        if file.size_bytes > MAX_RESOLVED_BYTES:
            return Answer(problem=problems.TOO_LARGE, found=file.url)
        key = (*file.key, query.debug_id)
        try:
            symbols = self._parsed.get(key, lambda: self._read(file, query.debug_id))
        except (SymbolicError, LookupError):
            return Answer(problem=problems.INVALID_DEBUG_FILE, found=file.url)
        return Answer(
            results=[_look_up(symbols, address) for address in query.places], found=file.url
        )

    def _read(self, file: ShelfFile, debug_id: str) -> tuple[SymCache, int]:
        data = self._shelf.read(file) or b""
        # The library reads on in ``data`` without holding it: it must live as long as the objects.
        objects = list(Archive.from_bytes(data).iter_objects())
        return _chosen(objects, debug_id).make_symcache(), len(data)


def _chosen(objects: list[Object], debug_id: str) -> Object:
    """
    The object with this id.

    Raises:
        LookupError: the file holds none, which another version of the library may have kept.
    """
    for found in objects:
        if found.debug_id == debug_id:
            return found
    raise LookupError(debug_id)


def _look_up(symbols: SymCache, address: int) -> list[Source]:
    if address < 0:
        return []
    found: list[SourceLocation] = symbols.lookup(address)  # type: ignore[no-untyped-call]
    return [
        Source(path=place.full_path, line=place.line, function=_readable(place.symbol))
        for place in found[:MAX_INLINED]
    ]


def _readable(symbol: str) -> str:
    return demangle(symbol) if symbol.startswith(_ENCODED) else symbol
