"""Forms with files (``multipart/form-data``, RFC 7578), whole in memory and within limits."""

from __future__ import annotations

from typing import NamedTuple

# The library is annotated and does not say so (no py.typed).
from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from mesher.errors import ProtocolError, TooLarge, UnsupportedEncoding
from mesher.protocol.limits import MAX_ATTACHMENT_BYTES, MAX_FORM_PARTS


class Part(NamedTuple):
    """One part of a form."""

    name: str
    filename: str | None  # None: a field rather than a file
    content_type: str | None
    data: bytes


def parse_multipart(body: bytes, content_type: str) -> list[Part]:
    """
    Cut a form into its parts.

    Args:
        body: without a content coding.
        content_type: the request's header, which names the boundary.

    Raises:
        UnsupportedEncoding: the header names no form, or no boundary.
        TooLarge: more than ``MAX_FORM_PARTS`` parts, or one above ``MAX_ATTACHMENT_BYTES``.
        ProtocolError: the form is damaged, or ends too early.
    """
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise UnsupportedEncoding(
            f"content type {content_type[:60]!r} is not that of a form with files",
            hint="send multipart/form-data with a boundary",
        )
    try:
        return _read_parts(body, options["boundary"])
    except ParserLimitReached as error:
        raise TooLarge(f"the form is too large: {error}") from error
    except (MultipartError, ValueError) as error:
        raise ProtocolError(f"the form cannot be read: {error}") from error


def _read_parts(body: bytes, boundary: str) -> list[Part]:
    parts: list[Part] = []
    data: list[bytes] = []
    segment: MultipartSegment | None = None
    with PushMultipartParser(
        boundary, max_segment_size=MAX_ATTACHMENT_BYTES, max_segment_count=MAX_FORM_PARTS
    ) as parser:
        for step in parser.parse(body):
            if isinstance(step, MultipartSegment):
                segment, data = step, []
            elif step:
                data.append(bytes(step))
            elif segment is not None:  # its end
                parts.append(
                    Part(segment.name, segment.filename, segment.content_type, b"".join(data))
                )
    return parts
