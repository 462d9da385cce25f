r"""
The envelope: a header line, then items of a header line and a payload each.

    {"event_id":"9ec79c33ec9942ab8353589fcb2e04dc"}\n
    {"type":"event","length":17}\n
    {"message":"hey"}\n
    {"type":"session"}\n
    {"sid":"…"}

Lengths count bytes. Without a length the payload runs to the next line break (JavaScript SDKs send
events so), empty lines between items are skipped, and the last line break is optional. What is wrong
with a *header* refuses the whole request; a *payload* is not looked at here.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mesher.errors import ProtocolError, TooLarge
from mesher.protocol.limits import (
    MAX_EVENT_BYTES,
    MAX_HEADER_LINE_BYTES,
    MAX_ITEMS,
    MAX_SESSION_BYTES,
    MAX_SMALL_ITEM_BYTES,
)

_MAX_BYTES_BY_TYPE = {
    "event": MAX_EVENT_BYTES,
    "security": MAX_EVENT_BYTES,
    "raw_security": MAX_EVENT_BYTES,
    "feedback": MAX_EVENT_BYTES,
    "session": MAX_SESSION_BYTES,
    "sessions": MAX_SESSION_BYTES,
    "check_in": MAX_SMALL_ITEM_BYTES,
    "client_report": MAX_SMALL_ITEM_BYTES,
}


class EnvelopeHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The header's keys that Mesher reads."""

    event_id: str | None = None  # uuid in any form
    dsn: str | None = None
    sent_at: str | None = None  # RFC 3339; Go sends nanoseconds


class ItemHeader(msgspec.Struct, frozen=True, kw_only=True):
    """An item's header."""

    type: str
    length: int | None = None


class Item(msgspec.Struct, frozen=True):
    """One item."""

    header: ItemHeader
    payload: bytes

    @property
    def type(self) -> str:
        """The item's type; unknown ones are legal."""
        return self.header.type


class Envelope(msgspec.Struct, frozen=True):
    """A framed envelope."""

    header: EnvelopeHeader
    items: list[Item]


class _SentHeader(msgspec.Struct):
    """The header as it may come: a value of the wrong type counts as absent."""

    event_id: Any = None
    dsn: Any = None
    sent_at: Any = None


_decode_header = msgspec.json.Decoder(_SentHeader).decode
# What msgspec raises for bytes that are no JSON of the type, no UTF-8, or a tower of brackets.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode_item_header = msgspec.json.Decoder(ItemHeader).decode


def parse_envelope(data: bytes) -> Envelope:
    """
    Check the framing of an envelope and cut it into items.

    Raises:
        ProtocolError: a header is not a JSON object of the right form, a payload is shorter than its
            length says, or something follows a payload other than a line break.
        TooLarge: more than ``MAX_ITEMS`` items, or an item over the limit of its type.
    """
    end = _line_end(data, 0)
    header = _read_header(data[:end])
    items: list[Item] = []
    position = end + 1
    size = len(data)
    while position < size:
        end = _line_end(data, position)
        line = data[position:end]
        position = end + 1
        if not line.strip():
            continue
        if len(items) == MAX_ITEMS:
            raise TooLarge(f"the envelope has more than {MAX_ITEMS} items")
        item_header = _read_item_header(line, len(items))
        payload, position = _cut_payload(data, position, item_header, len(items))
        items.append(Item(item_header, payload))
    return Envelope(header, items)


def _line_end(data: bytes, start: int) -> int:
    """Where the line ends that begins at ``start``: at its line break or at the end of the input."""
    end = data.find(b"\n", start)
    end = len(data) if end < 0 else end
    if end - start > MAX_HEADER_LINE_BYTES:
        raise TooLarge(f"a header line is longer than {MAX_HEADER_LINE_BYTES} bytes")
    return end


def _read_header(line: bytes) -> EnvelopeHeader:
    if not line.strip():
        raise ProtocolError(
            "the envelope has no header line", hint="its first line is a JSON object, at least {}"
        )
    try:
        sent = _decode_header(line)
    except _UNREADABLE as error:
        raise ProtocolError(f"the envelope's header line is not a JSON object: {error}") from error
    return EnvelopeHeader(
        event_id=_text(sent.event_id), dsn=_text(sent.dsn), sent_at=_text(sent.sent_at)
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _read_item_header(line: bytes, index: int) -> ItemHeader:
    try:
        header = _decode_item_header(line)
    except _UNREADABLE as error:
        raise ProtocolError(f"the header of item {index} cannot be read: {error}") from error
    if header.length is not None and header.length < 0:
        raise ProtocolError(f"the length of item {index} is negative")
    return header


def _cut_payload(data: bytes, start: int, header: ItemHeader, index: int) -> tuple[bytes, int]:
    """The payload that begins at ``start``, and where the next line begins."""
    size = len(data)
    if header.length is None:
        end = data.find(b"\n", start)
        end = size if end < 0 else end
    else:
        end = start + header.length
        # An item header at the very end has no line break behind it, so `start` may be size + 1.
        if end > max(size, start):
            raise ProtocolError(
                f"item {index} says that it is {header.length} bytes long; "
                f"{max(0, size - start)} are there"
            )
        if end < size and data[end] != 0x0A:
            raise ProtocolError(f"the payload of item {index} is longer than its length says")
    limit = _MAX_BYTES_BY_TYPE.get(header.type)
    if limit is not None and end - start > limit:
        raise TooLarge(f"item {index} ({header.type}) is larger than {limit} bytes")
    return data[start:end], end + 1
