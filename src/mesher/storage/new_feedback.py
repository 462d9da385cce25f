"""Feedback on its way into the table."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from operator import itemgetter

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.ledger import OutcomeKey, hour_of, moment_of


class NewFeedback(msgspec.Struct, kw_only=True):
    """What one person wrote, ready to be stored."""

    project_id: uuid.UUID
    event_id: uuid.UUID
    received_at_us: int
    name: str
    email: str
    comments: str
    url: str

    @property
    def id(self) -> uuid.UUID:
        """The same for the same words about the same event, however often they are sent."""
        words = (self.name, self.email, self.comments, self.url)
        said = self.project_id.bytes + self.event_id.bytes + "\0".join(words).encode()
        return uuid.UUID(bytes=hashlib.blake2b(said, digest_size=16).digest())


def insert_feedback(
    conn: Connection[TupleRow], feedback: Iterable[NewFeedback]
) -> Iterator[OutcomeKey]:
    """Write feedback in the order of its ids, and tell whether each was new."""
    for feedback_id, new in sorted(((new.id, new) for new in feedback), key=itemgetter(0)):
        inserted = conn.execute(
            """
            INSERT INTO user_feedback (id, project_id, event_id, name, email, comments, url,
                received_at)
            VALUES (%(id)s, %(project_id)s, %(event_id)s, %(name)s, %(email)s, %(comments)s,
                %(url)s, %(received_at)s)
            ON CONFLICT (id) DO NOTHING
            """,
            {
                **msgspec.structs.asdict(new),
                "id": feedback_id,
                "received_at": moment_of(new.received_at_us),
            },
        )
        is_new = inserted.rowcount == 1
        yield OutcomeKey(
            new.project_id,
            hour_of(new.received_at_us),
            "feedback",
            "stored" if is_new else "dropped",
            "" if is_new else "duplicate",
        )
