"""
The form that chunks arrive in, read while it arrives: no more than one chunk of it is in memory.

Each part is a file: its name is the SHA-1 of the chunk, and its field says whether it is packed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

# The library is annotated and does not say so (no py.typed).
from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from mesher.errors import ProtocolError, TooLarge, UnsupportedEncoding

# The size of chunks that clients are told to make: Sentry's.
CHUNK_BYTES: Final = 8 * 1024**2
# A chunk that cannot be packed grows by some headers.
MAX_PART_BYTES: Final = CHUNK_BYTES + 64 * 1024
MAX_PARTS: Final = 64  # Sentry's number of chunks in a request; clients are told
# Of a request: four full chunks. A build behind a slow line sends it within minutes.
MAX_FORM_BYTES: Final = 32 * 1024**2

_SHA1 = re.compile(r"[0-9a-f]{40}", re.ASCII)


class ChunkPart(NamedTuple):
    """A chunk as it was sent."""

    sha1: str  # that it claims to have when it is unpacked
    is_packed: bool  # with gzip
    data: bytes


class ChunkForm:
    """Cuts a body into chunks, whatever the pieces are that it arrives in."""

    def __init__(self, content_type: str) -> None:
        """
        Args:
            content_type: the request's header, which names the boundary.

        Raises:
            UnsupportedEncoding: it names no form, or no boundary.
        """
        kind, options = parse_options_header(content_type)
        if kind != "multipart/form-data" or not options.get("boundary"):
            raise UnsupportedEncoding(
                f"content type {content_type[:60]!r} is not that of a form with files",
                hint="send multipart/form-data with a boundary",
            )
        self._parser = PushMultipartParser(
            options["boundary"], max_segment_size=MAX_PART_BYTES, max_segment_count=MAX_PARTS
        )
        self._segment: MultipartSegment | None = None
        self._data = bytearray()

    def feed(self, piece: bytes) -> Iterator[ChunkPart]:
        """
        The chunks that end in this piece of the body.

        Args:
            piece: not empty: that would mean the end.

        Raises:
            TooLarge: too many chunks, or one that is too large.
            ProtocolError: the form is damaged, or a part of it is no chunk.
        """
        try:
            for step in self._parser.parse(piece):
                if isinstance(step, MultipartSegment):
                    self._segment, self._data = step, bytearray()
                elif step:
                    self._data += step
                elif self._segment is not None:  # its end
                    yield _chunk(self._segment, bytes(self._data))
                    self._data = bytearray()
        except ParserLimitReached as error:
            raise TooLarge(f"the form is too large: {error}") from error
        except MultipartError as error:
            raise ProtocolError(f"the form cannot be read: {error}") from error

    def end(self) -> None:
        """
        Say that the body has come to its end.

        Raises:
            ProtocolError: the form has not.
        """
        try:
            self._parser.close()
        except MultipartError as error:
            raise ProtocolError(f"the form ends too early: {error}") from error


def _chunk(segment: MultipartSegment, data: bytes) -> ChunkPart:
    if segment.name not in {"file", "file_gzip"}:
        raise ProtocolError(
            f"the form has a field {segment.name[:60]!r}", hint="send file or file_gzip"
        )
    sha1 = segment.filename or ""
    if not _SHA1.fullmatch(sha1):
        raise ProtocolError(
            f"{sha1[:60]!r} is no SHA-1", hint="name each file by the SHA-1 of its bytes"
        )
    return ChunkPart(sha1, segment.name == "file_gzip", data)
