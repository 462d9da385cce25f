"""Messages between processes: four bytes of length, big-endian, then the message."""

from __future__ import annotations

from typing import IO

_LENGTH_BYTES = 4


def read_message(stream: IO[bytes]) -> bytes | None:
    """The next message; ``None`` when the stream ends, also within a message."""
    head = stream.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        return None
    length = int.from_bytes(head, "big")
    message = stream.read(length)
    return message if len(message) == length else None


def write_message(stream: IO[bytes], message: bytes) -> None:
    """Write a message at once."""
    stream.write(len(message).to_bytes(_LENGTH_BYTES, "big") + message)
    stream.flush()
