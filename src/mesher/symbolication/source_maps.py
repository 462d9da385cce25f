"""
Built JavaScript and its source map: found among what was uploaded, read with the native library, and
asked for places.

The minified file is wanted too: the names of functions are found by its scopes. Maps of Metro and
Hermes carry scopes of their own (``x_facebook_sources``), and maps of several sections are joined;
the library does both.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import unquote_to_bytes

from symbolic.exceptions import SymbolicError
from symbolic.sourcemapcache import SourceMapCache, SourceMapCacheToken

from mesher.symbolication import problems
from mesher.symbolication.files import ArtifactType
from mesher.symbolication.frames import snip
from mesher.symbolication.limits import (
    CONTEXT_LINES,
    MAX_NAME_LENGTH,
    MAX_RESOLVED_BYTES,
    MAX_URL_CHARACTERS,
)
from mesher.symbolication.parsed import ParsedFiles
from mesher.symbolication.paths import join, url_candidates
from mesher.symbolication.queries import Answer, Position, Source, SourceMapQuery
from mesher.symbolication.shelf import Shelf, ShelfFile

# The comment stands at the end; bundlers put a debug id, and servers a line of their own, behind it.
_TAIL_BYTES = 4096
_REFERENCE = re.compile(rb"//[#@][ \t]*sourceMappingURL=([^\s'\"]+)[ \t]*(?:\r?\n|$)")
_INLINE = b"//# sourceMappingURL=data:"
_DATA_URL = re.compile(r"data:application/json[^,]*?(;base64)?,", re.IGNORECASE)
_MINIFIED: tuple[ArtifactType, ...] = ("minified_source", "source", "indexed_ram_bundle")
# A call begins at its name, or at the keyword before it.
_NAME = re.compile(r"(?:(?:new|await|throw|yield|return|void)\s+)*([\w$]+)")
# What the library calls a place that is in no function.
_NO_SCOPE = frozenset({"<unknown>", ""})


class _Unusable(Exception):
    """A file cannot be used; the message is a kind of ``problems``."""


class SourceMaps:
    """Answers queries for built JavaScript."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._parsed: ParsedFiles[SourceMapCache] = ParsedFiles()

    def answer(self, query: SourceMapQuery) -> Answer:
        """What the map of a built file says of places in it."""
        minified = self._find_minified(query)
        try:
            found, url = self._find_map(query, minified)
        except _Unusable as error:
            return Answer(problem=str(error))
        try:
            cache = self._read(minified, found)
        except _Unusable as error:
            return Answer(problem=str(error), found=url)
        except SymbolicError:
            return Answer(problem=problems.INVALID_MAP, found=url)
        results = [self._look_up(query, cache, place, url) for place in query.places]
        return Answer(results=results, found=url)

    def _find_minified(self, query: SourceMapQuery) -> ShelfFile | None:
        found = None
        if query.debug_id is not None:
            found = self._shelf.by_debug_id(query.origin, query.debug_id, "minified_source")
        if found is None and query.origin.release:
            found = self._shelf.by_url(query.origin, url_candidates(query.abs_path), _MINIFIED)
        return found

    def _find_map(
        self, query: SourceMapQuery, minified: ShelfFile | None
    ) -> tuple[ShelfFile | bytes, str]:
        """The map, uploaded or within the minified file, and the URL that its names are relative to."""
        if query.debug_id is not None:
            found = self._shelf.by_debug_id(query.origin, query.debug_id, "source_map")
            if found is not None:
                return found, found.url
        if minified is None:
            # A map that was uploaded alone is called like its file, with .map behind it.
            urls = [f"{url}.map" for url in url_candidates(query.abs_path)]
            found = self._by_url(query, urls)
            if found is None:
                has_id = query.debug_id is not None
                raise _Unusable(problems.MISSING_MAP if has_id else problems.NO_DEBUG_ID)
            return found, found.url
        reference = self._reference(minified)
        if reference.startswith("data:"):
            return _decode_data_url(reference), minified.url
        candidates = [minified.url, *url_candidates(query.abs_path)]
        urls = [u for base in candidates for u in url_candidates(join(base, reference))]
        found = self._by_url(query, urls)
        if found is None:
            raise _Unusable(problems.MISSING_MAP)
        return found, found.url

    def _by_url(self, query: SourceMapQuery, urls: Sequence[str]) -> ShelfFile | None:
        if not query.origin.release:
            return None
        return self._shelf.by_url(query.origin, list(dict.fromkeys(urls)), ["source_map"])

    def _reference(self, minified: ShelfFile) -> str:
        """What a minified file says its map is: in a header, else in its last comment."""
        for header in ("sourcemap", "x-sourcemap"):
            if minified.headers.get(header):
                return minified.headers[header]
        data = self._bytes(minified)
        inline = data.rfind(_INLINE)
        tail = data[inline if inline >= 0 else -_TAIL_BYTES :]
        references = _REFERENCE.findall(tail)
        if not references:
            # By convention.
            return minified.url.partition("?")[0].rpartition("/")[2] + ".map"
        return str(references[-1].decode("utf-8", errors="replace"))

    def _read(self, minified: ShelfFile | None, found: ShelfFile | bytes) -> SourceMapCache:
        key = (
            minified.key if minified else None,
            found.key if isinstance(found, ShelfFile) else None,
        )

        def read() -> tuple[SourceMapCache, int]:
            source = self._bytes(minified) if minified else b""
            data = found if isinstance(found, bytes) else self._bytes(found)
            if len(source) + len(data) > MAX_RESOLVED_BYTES:
                raise _Unusable(problems.TOO_LARGE)
            return SourceMapCache.from_bytes(source, data), len(source) + len(data)

        return self._parsed.get(key, read)

    def _bytes(self, file: ShelfFile) -> bytes:
        if file.size_bytes > MAX_RESOLVED_BYTES:
            raise _Unusable(problems.TOO_LARGE)
        data = self._shelf.read(file)
        if data is None:
            raise _Unusable(problems.MISSING_MAP)
        return data

    def _look_up(
        self, query: SourceMapQuery, cache: SourceMapCache, place: Position, url: str
    ) -> list[Source]:
        token = cache.lookup(place.line, max(place.column, 1), CONTEXT_LINES)
        if token is None or not token.src:
            return []
        if token.context_line is None:
            source = self._shelf.by_url(
                query.origin, url_candidates(join(url, token.src)), ["source"]
            )
            with suppress(_Unusable):  # the place itself is known all the same
                if source is not None:
                    return [_with_context(_source(token), self._bytes(source))]
        return [_source(token)]


def _source(token: SourceMapCacheToken) -> Source:
    function = (token.function_name or "")[:MAX_NAME_LENGTH]
    return Source(
        path=(token.src or "")[-MAX_URL_CHARACTERS:],
        line=token.line,
        column=token.col,
        function=None if function in _NO_SCOPE else function,
        name=(_name_at(token.context_line, token.col) or token.name or "")[:MAX_NAME_LENGTH]
        or None,
        context_line=None if token.context_line is None else _line(token.context_line, token.col),
        pre_context=[_line(line) for line in token.pre_context],
        post_context=[_line(line) for line in token.post_context],
    )


def _line(text: str, column: int = 0) -> str:
    return snip(text.rstrip("\r\n"), column)


def _name_at(line: str | None, column: int) -> str | None:
    """
    What the source calls at a place.

    Better than the map's own name for it, which a map has only where the build has another: so it is
    the same for a debug and a minified build.
    """
    if line is None or column < 1:
        return None
    found = _NAME.match(line, column - 1)
    return found[1] if found else None


def _with_context(source: Source, data: bytes) -> Source:
    lines = data.decode("utf-8", errors="replace").splitlines()
    at = source.line - 1
    if not 0 <= at < len(lines):
        return source
    return Source(
        path=source.path,
        line=source.line,
        column=source.column,
        function=source.function,
        name=source.name or _name_at(lines[at], source.column),
        context_line=_line(lines[at], source.column),
        pre_context=[_line(line) for line in lines[max(0, at - CONTEXT_LINES) : at]],
        post_context=[_line(line) for line in lines[at + 1 : at + 1 + CONTEXT_LINES]],
    )


def _decode_data_url(url: str) -> bytes:
    header = _DATA_URL.match(url)
    if header is None:
        raise _Unusable(problems.INVALID_MAP)
    content = url[header.end() :]
    if not header[1]:
        return unquote_to_bytes(content)
    try:
        return base64.b64decode(content)
    except (ValueError, binascii.Error):
        raise _Unusable(problems.INVALID_MAP) from None
