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

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from mesher.errors import ProtocolError, TooLarge
from mesher.protocol.limits import (
    MAX_ATTACHMENT_BYTES,
    MAX_ATTACHMENTS,
    MAX_CLIENT_REPORTS,
    MAX_ENVELOPE_BYTES,
    MAX_EVENT_BYTES,
    MAX_HEADER_LINE_BYTES,
    MAX_ITEMS,
    MAX_SESSION_BYTES,
    MAX_SESSION_ITEMS,
    MAX_SMALL_ITEM_BYTES,
)


class _Limit(NamedTuple):
    """What an envelope may hold of one or several item types."""

    noun: str
    bytes_each: int
    bytes_together: int
    items: int


_SESSIONS = _Limit("sessions", MAX_SESSION_BYTES, MAX_SESSION_BYTES, MAX_SESSION_ITEMS)
_LIMITS: dict[str, _Limit] = {
    **{
        name: _Limit(f"{name} items", MAX_EVENT_BYTES, MAX_EVENT_BYTES, 1)
        for name in ("event", "transaction", "security", "raw_security", "feedback")
    },
    "session": _SESSIONS,
    "sessions": _SESSIONS,
    "user_report": _Limit("user reports", MAX_SMALL_ITEM_BYTES, MAX_SMALL_ITEM_BYTES, 1),
    "attachment": _Limit("attachments", MAX_ATTACHMENT_BYTES, MAX_ENVELOPE_BYTES, MAX_ATTACHMENTS),
    "check_in": _Limit("check-ins", MAX_SMALL_ITEM_BYTES, MAX_SMALL_ITEM_BYTES, 1),
    "client_report": _Limit(
        "client reports", MAX_SMALL_ITEM_BYTES, MAX_ENVELOPE_BYTES, MAX_CLIENT_REPORTS
    ),
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
    # What attachments say of themselves; Ruby sends null, and other types count as absent.
    filename: Any = None
    content_type: Any = None
    attachment_type: Any = None


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
        TooLarge: more than ``MAX_ITEMS`` items, or items over the size or count limit of their type.
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
    if len(items) > 1:  # one alone was checked when it was cut out
        _check_together(items)
    return Envelope(header, items)


def format_envelope(
    header: Mapping[str, Any], items: Iterable[tuple[Mapping[str, Any], bytes]]
) -> bytes:
    """
    The bytes of an envelope.

    Args:
        header: its header's keys.
        items: header and payload of each; lengths are filled in.
    """
    parts = [msgspec.json.encode(header)]
    for item_header, payload in items:
        parts += [msgspec.json.encode({**item_header, "length": len(payload)}), payload]
    return b"\n".join(parts)


def _check_together(items: list[Item]) -> None:
    counts: Counter[_Limit] = Counter()
    sizes: Counter[_Limit] = Counter()
    for item in items:
        if limit := _LIMITS.get(item.type):
            counts[limit] += 1
            sizes[limit] += len(item.payload)
    for limit, count in counts.items():
        if count > limit.items:
            raise TooLarge(f"the envelope has {count} {limit.noun}; the limit is {limit.items}")
        if sizes[limit] > limit.bytes_together:
            raise TooLarge(
                f"its {limit.noun} are larger than {limit.bytes_together} bytes together"
            )


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
    limit = _LIMITS.get(header.type)
    if limit is not None and end - start > limit.bytes_each:
        raise TooLarge(f"item {index} ({header.type}) is larger than {limit.bytes_each} bytes")
    return data[start:end], end + 1
