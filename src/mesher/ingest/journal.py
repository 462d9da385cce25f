"""
The journal: a durable queue of raw requests between receive and digest.

Its contract, for every implementation:

- ``append`` returns once the record is on disk, and not before. Records that are appended at the
  same time share one flush (group commit).
- Each shard numbers its records 1, 2, 3, … and never uses a number twice. One digester reads a
  shard, in order.
- Digest commits the position it has reached in the same PostgreSQL transaction as the rows made of
  the records (``journal_positions``). A record is therefore digested exactly once: a crash before
  the commit changes nothing, and after the commit the position is past the record.
- ``acknowledge`` only frees the space of records up to a committed position. Losing an
  acknowledgement costs disk space until the next one, never an event.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

RecordKind = Literal["envelope", "store", "security", "native", "refusals"]


class Record(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """
    One acknowledged request, raw as sent, with all that its identity needs.

    ``event_ids`` names each event in the body in order where the client's body may not: digesting a
    record again therefore makes the same events.
    """

    kind: RecordKind
    project_id: uuid.UUID
    received_at_us: int  # microseconds since the epoch, the server's clock
    event_ids: list[str]  # 32 hex digits each; empty for requests without an event
    content_encoding: str  # as the request's header said; the body is still encoded so
    client: str  # name/version of the SDK, from the credentials; may be empty
    client_ip: str  # may be empty
    context: dict[str, str]  # what else of the request digest needs (query, User-Agent); small
    body: bytes
    # What of the request was refused at receipt, with the reason: event ids and categories of items.
    refused: dict[str, str] = {}


class Entry(msgspec.Struct, frozen=True):
    """A record and its place in its shard."""

    position: int
    record: bytes  # ``encode_record`` form


class JournalFull(Exception):
    """The journal may not or cannot grow: its limit is reached or the disk refuses."""


class JournalWriter(Protocol):
    """The side of receive. One per web process."""

    async def append(self, record: bytes) -> None:
        """
        Return once ``record`` is durable.

        Raises:
            JournalFull: nothing was kept; the client must not be told 200.
        """

    def depth_bytes(self) -> int:
        """Bytes on disk that wait for digest, to within one segment."""


class ShardReader(Protocol):
    """The side of digest. One per shard."""

    @property
    def shard_id(self) -> uuid.UUID:
        """Identity of the shard; a shard that is made anew has another."""

    def read(self, after: int, max_records: int, max_bytes: int) -> Sequence[Entry]:
        """
        The next entries behind position ``after``, in order.

        Returns:
            At most ``max_records`` entries, and at most ``max_bytes`` of records unless the first
            alone is larger; empty when there is nothing yet.
        """

    def acknowledge(self, position: int) -> None:
        """Free the space of the records up to and with ``position``, where that is possible."""

    def close(self) -> None:
        """Release files and locks."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)


def encode_record(record: Record) -> bytes:
    """The form in which a record is kept: MessagePack, about 100 bytes more than its body."""
    return _encoder.encode(record)


def decode_record(data: bytes) -> Record:
    """
    Read what ``encode_record`` wrote.

    Raises:
        msgspec.DecodeError: the bytes are damaged, or of an unknown version.
    """
    return _decoder.decode(data)
