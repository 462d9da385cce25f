"""What records hold beside events, on its way into the tables of ``types/companions.py``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import chain

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from mesher.storage.check_ins import NewCheckIn, store_check_ins
from mesher.storage.ledger import OutcomeKey
from mesher.storage.new_attachments import EventKey, NewAttachment, insert_attachments
from mesher.storage.new_feedback import NewFeedback, insert_feedback
from mesher.storage.session_counts import NewSessions, add_sessions


class Companions(msgspec.Struct, kw_only=True):
    """Rows of any projects."""

    attachments: list[NewAttachment] = []
    feedback: list[NewFeedback] = []
    sessions: list[NewSessions] = []
    check_ins: list[NewCheckIn] = []

    def extend(self, more: Companions) -> None:
        """Add all rows of ``more``."""
        for name in self.__struct_fields__:
            getattr(self, name).extend(getattr(more, name))


def store_companions(
    conn: Connection[TupleRow], companions: Companions, discarded: Collection[EventKey]
) -> Counter[OutcomeKey]:
    """
    Write the rows; the caller commits.

    Args:
        conn: in a transaction.
        companions: the rows.
        discarded: events that were not stored because their issue is discarded.

    Returns:
        What became of each, for the ledger.
    """
    return Counter(
        chain(
            insert_attachments(conn, companions.attachments, discarded),
            insert_feedback(conn, companions.feedback),
            add_sessions(conn, companions.sessions),
            store_check_ins(conn, companions.check_ins),
        )
    )
