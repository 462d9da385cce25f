"""
Rows in PostgreSQL's binary COPY format (https://www.postgresql.org/docs/current/sql-copy.html,
"Binary Format"): each field is its length as int32 and its bytes; NULL is the length -1.

Each function returns one field with its length in front; a row is their concatenation. Written by
hand because the hot path copies bytes that are ready (JSON, compressed payloads), where a driver's
per-value adaptation costs more than the copy.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterable

HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack("!ii", 0, 0)
TRAILER = struct.pack("!h", -1)
NULL = struct.pack("!i", -1)

# Binary timestamps count microseconds from 2000-01-01 00:00 UTC, ours from 1970.
_EPOCH_SHIFT_US = 946_684_800 * 1_000_000
_JSONB_VERSION = b"\x01"

_int32 = struct.Struct("!i").pack
_smallint_field = struct.Struct("!ih").pack
_timestamp_field = struct.Struct("!iq").pack
_UUID_LENGTH = _int32(16)


def text_field(value: str | None) -> bytes:
    """A text field; the caller has removed NUL characters, which PostgreSQL refuses."""
    if value is None:
        return NULL
    data = value.encode()
    return _int32(len(data)) + data


def bytes_field(value: bytes) -> bytes:
    """A bytea field."""
    return _int32(len(value)) + value


def jsonb_field(json: bytes | None) -> bytes:
    """A jsonb field from JSON text."""
    if json is None:
        return NULL
    return _int32(len(json) + 1) + _JSONB_VERSION + json


def uuid_field(value: uuid.UUID) -> bytes:
    """A uuid field."""
    return _UUID_LENGTH + value.bytes


def smallint_field(value: int | None) -> bytes:
    """A smallint field."""
    return NULL if value is None else _smallint_field(2, value)


def timestamp_field(epoch_us: int) -> bytes:
    """A timestamptz field from microseconds since 1970-01-01 00:00 UTC."""
    return _timestamp_field(8, epoch_us - _EPOCH_SHIFT_US)


def row(fields: Iterable[bytes], *, count: int) -> bytes:
    """One row of ``count`` fields."""
    return struct.pack("!h", count) + b"".join(fields)
