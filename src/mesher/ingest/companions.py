"""
Items that travel beside events, or alone, to the rows that are kept of them: one reader per item
type, in the table at the end. Pure, as all of digest.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import NamedTuple

from mesher.ingest.journal import Record
from mesher.protocol.attachment import MINIDUMP_TYPE, describe_attachment
from mesher.protocol.check_in import read_check_in
from mesher.protocol.envelope import Item
from mesher.protocol.feedback import Feedback, read_feedback, read_user_report
from mesher.protocol.session import SessionCount, read_session, read_sessions
from mesher.storage.check_ins import NewCheckIn
from mesher.storage.companions import Companions
from mesher.storage.new_attachments import NewAttachment
from mesher.storage.new_feedback import NewFeedback
from mesher.storage.session_counts import NewSessions

# What an attachment can belong to that is itself not kept; it goes with its owner.
_OWNERS_NOT_KEPT = frozenset(["transaction", "profile", "replay_event", "replay_video"])


class Sent(NamedTuple):
    """An item, and when its envelope was sent by the client's clock (seconds since the epoch)."""

    item: Item
    sent_at: float | None


Reader = Callable[[Sent, Record], Companions]


def companion_reader(item: Item, siblings: Sequence[Item]) -> Reader | None:
    """
    What reads an item of an envelope; ``None`` for items that are no companions or are not kept.

    The reader raises ``ProtocolError`` for an item that cannot be read.
    """
    if item.type == "attachment" and any(other.type in _OWNERS_NOT_KEPT for other in siblings):
        return None
    return _READERS.get(item.type)


def is_bare_minidump(items: Sequence[Item]) -> bool:
    """Whether an envelope brings the dump of a crash without the event that it is about."""
    return not any(item.type == "event" for item in items) and any(
        item.type == "attachment"
        and describe_attachment(item.header).attachment_type == MINIDUMP_TYPE
        for item in items
    )


def _attachment(sent: Sent, record: Record) -> Companions:
    described = describe_attachment(sent.item.header)
    attachment = NewAttachment(
        project_id=record.project_id,
        event_id=uuid.UUID(record.event_ids[0]),
        received_at_us=record.received_at_us,
        name=described.name,
        content_type=described.content_type,
        attachment_type=described.attachment_type,
        data=sent.item.payload,
    )
    return Companions(attachments=[attachment])


def _user_report(sent: Sent, record: Record) -> Companions:
    event_id = uuid.UUID(record.event_ids[0])
    return _feedback(read_user_report(sent.item.payload, event_id=event_id), record)


def _new_feedback(sent: Sent, record: Record) -> Companions:
    event_id = uuid.UUID(record.event_ids[0])
    return _feedback(read_feedback(sent.item.payload, event_id=event_id), record)


def _feedback(read: Feedback, record: Record) -> Companions:
    new = NewFeedback(
        project_id=record.project_id, received_at_us=record.received_at_us, **read._asdict()
    )
    return Companions(feedback=[new])


def _session(sent: Sent, record: Record) -> Companions:
    received_at = record.received_at_us / 1e6
    count = read_session(sent.item.payload, received_at=received_at, sent_at=sent.sent_at)
    return _sessions_of([count], record)


def _sessions(sent: Sent, record: Record) -> Companions:
    received_at = record.received_at_us / 1e6
    counts = read_sessions(sent.item.payload, received_at=received_at, sent_at=sent.sent_at)
    return _sessions_of(counts, record)


def _sessions_of(counts: list[SessionCount], record: Record) -> Companions:
    new = NewSessions(
        project_id=record.project_id, received_at_us=record.received_at_us, counts=counts
    )
    return Companions(sessions=[new])


def _check_in(sent: Sent, record: Record) -> Companions:
    new = NewCheckIn(
        project_id=record.project_id,
        received_at_us=record.received_at_us,
        report=read_check_in(sent.item.payload),
    )
    return Companions(check_ins=[new])


_READERS: dict[str, Reader] = {
    "attachment": _attachment,
    "user_report": _user_report,
    "feedback": _new_feedback,
    "session": _session,
    "sessions": _sessions,
    "check_in": _check_in,
}
