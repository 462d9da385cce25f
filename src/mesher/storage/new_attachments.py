"""Attachments on their way into the table."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Iterable, Iterator
from operator import itemgetter

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.protocol.limits import MAX_ATTACHMENTS
from mesher.storage.ledger import OutcomeKey, hour_of, moment_of

# What an event is found by: the project and the id.
EventKey = tuple[uuid.UUID, uuid.UUID]


class NewAttachment(msgspec.Struct, kw_only=True):
    """One attachment, ready to be stored."""

    project_id: uuid.UUID
    event_id: uuid.UUID
    received_at_us: int
    name: str
    content_type: str
    attachment_type: str
    data: bytes

    @property
    def id(self) -> uuid.UUID:
        """The same for the same file of the same event, however often it is sent."""
        digest = hashlib.blake2b(self.project_id.bytes + self.event_id.bytes, digest_size=16)
        for part in (self.name, self.attachment_type):
            digest.update(part.encode() + b"\0")
        digest.update(self.data)
        return uuid.UUID(bytes=digest.digest())


def insert_attachments(
    conn: Connection[TupleRow],
    attachments: Iterable[NewAttachment],
    discarded: Collection[EventKey],
) -> Iterator[OutcomeKey]:
    """
    Write attachments in the order of their ids, and tell what became of each.

    Args:
        conn: in a transaction.
        attachments: of any projects; one that is stored already is not stored again.
        discarded: events that were not stored, whose attachments are not either.
    """
    by_id = sorted(((new.id, new) for new in attachments), key=itemgetter(0))
    for attachment_id, attachment in by_id:
        reason = ""
        if (attachment.project_id, attachment.event_id) in discarded:
            reason = "discarded"
        elif not _insert(conn, attachment_id, attachment):
            reason = "duplicate" if _exists(conn, attachment_id) else "over_quota"
        yield OutcomeKey(
            attachment.project_id,
            hour_of(attachment.received_at_us),
            "attachment",
            "dropped" if reason else "stored",
            reason,
        )


def _insert(conn: Connection[TupleRow], attachment_id: uuid.UUID, new: NewAttachment) -> bool:
    """Whether it was new, and its event had room for it (idx_attachments_event counts)."""
    inserted = conn.execute(
        """
        INSERT INTO attachments (id, project_id, event_id, name, content_type, attachment_type,
            size_bytes, data, received_at)
        SELECT %(id)s, %(project_id)s, %(event_id)s, %(name)s, %(content_type)s,
            %(attachment_type)s, %(size_bytes)s, %(data)b, %(received_at)s
        WHERE (
            SELECT count(*) FROM attachments
            WHERE project_id = %(project_id)s AND event_id = %(event_id)s
        ) < %(limit)s
        ON CONFLICT (id) DO NOTHING
        """,
        {
            **msgspec.structs.asdict(new),
            "id": attachment_id,
            "size_bytes": len(new.data),
            "received_at": moment_of(new.received_at_us),
            "limit": MAX_ATTACHMENTS,
        },
    )
    return inserted.rowcount == 1


def _exists(conn: Connection[TupleRow], attachment_id: uuid.UUID) -> bool:
    found = conn.execute("SELECT FROM attachments WHERE id = %s", (attachment_id,))
    return found.rowcount == 1
