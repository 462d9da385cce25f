"""
A normalised, grouped event to the row that is stored.

The JSONB columns hold what people search and group by, in compact typed forms; the whole event is
the compressed ``payload``, from which pages show everything. Writing 20 KB as one compressed column
is five times faster than as JSONB, so the compact forms are kept small.
"""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple, Protocol

import msgspec
import zstandard

from mesher.grouping.fingerprint import Grouping
from mesher.protocol.event import Event, ExceptionValue, Frame, message_text
from mesher.protocol.free_form import cut_to_size
from mesher.storage.new_events import NewEvent
from mesher.values.event import Breadcrumb, ExceptionInfo, StackFrame

# Level 1 packs a typical event of 22 KB to 5 KB in 38 µs; level 3 takes 55 µs for 2 % less.
_COMPRESSION_LEVEL = 1
# Lists and search show a line of a message; all of it is in the payload.
MESSAGE_CHARACTERS = 1024
# The newest calls decide; deeper stacks are in the payload.
MAX_FRAMES = 50
MAX_EXCEPTIONS = 10
MAX_BREADCRUMBS = 20
BREADCRUMB_CHARACTERS = 200
# Rows above 2 KB are moved out of line by PostgreSQL, which costs more than all other columns.
MAX_EXTRA_BYTES = 1024
MAX_USER_BYTES = 1024

_encode = msgspec.json.Encoder().encode
_compress = zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL, write_content_size=True).compress


class Received(Protocol):
    """What a row needs to know of the record that its event came in."""

    @property
    def project_id(self) -> uuid.UUID:
        """Whose event it is."""

    @property
    def received_at_us(self) -> int:
        """Microseconds since the epoch, the server's clock."""


def event_row(event: Event, grouping: Grouping, record: Received, *, category: str) -> NewEvent:
    """
    The row of an event.

    Args:
        event: complete: its id and times are final.
        grouping: the event's.
        record: the journal record it came in.
        category: of the ledger.
    """
    return NewEvent(
        id=uuid.UUID(int=int(event.event_id, 16)),
        project_id=record.project_id,
        received_at_us=record.received_at_us,
        category=category,
        fingerprint=grouping.fingerprint,
        grouping_version=grouping.algorithm_version,
        title=grouping.title,
        culprit=grouping.culprit,
        platform=event.platform,
        grouping=_encode(grouping),
        level=event.level,
        sdk_name=event.sdk.name if event.sdk else None,
        sdk_version=event.sdk.version if event.sdk else None,
        release=event.release,
        **made_columns(event, title=grouping.title)._asdict(),
    )


class MadeColumns(NamedTuple):
    """The columns that are made of what clients sent; those of JSON are JSON text."""

    message: str
    exception: bytes | None
    stacktrace: bytes | None
    breadcrumbs: bytes | None
    tags: bytes
    extra: bytes
    user_context: bytes | None
    payload: bytes


def made_columns(event: Event, *, title: str) -> MadeColumns:
    """
    The searchable parts of an event and the whole of it.

    Args:
        event: complete.
        title: what stands for the message of an event that has none.
    """
    return MadeColumns(
        message=(message_text(event) or title)[:MESSAGE_CHARACTERS],
        exception=_list(map(_exception_info, event.exception[-MAX_EXCEPTIONS:])),
        stacktrace=_list(map(_stack_frame, _main_frames(event)[-MAX_FRAMES:])),
        breadcrumbs=_breadcrumbs(event),
        tags=_encode(event.tags),
        extra=_encode(cut_to_size(event.extra, MAX_EXTRA_BYTES)),
        user_context=_encode(_user(event)) if event.user else None,
        payload=_compress(_encode(event)),
    )


def _list(values: Any) -> bytes | None:
    """The JSON of a list; an empty one is stored as NULL."""
    found = list(values)
    return _encode(found) if found else None


def _main_frames(event: Event) -> list[Frame]:
    """The frames of the raised exception, or the event's own."""
    if event.exception and event.exception[-1].stacktrace:
        return event.exception[-1].stacktrace.frames
    return event.stacktrace.frames if event.stacktrace else []


def _exception_info(exception: ExceptionValue) -> ExceptionInfo:
    value = exception.value
    return ExceptionInfo(
        type=exception.type,
        value=value[:MESSAGE_CHARACTERS] if value else None,
        module=exception.module,
        handled=exception.mechanism.handled if exception.mechanism else None,
    )


def _stack_frame(frame: Frame) -> StackFrame:
    return StackFrame(
        function=frame.function,
        module=frame.module,
        filename=frame.filename,
        lineno=frame.lineno,
        in_app=frame.in_app,
    )


def _breadcrumbs(event: Event) -> bytes | None:
    return _list(
        Breadcrumb(
            timestamp=crumb.timestamp,
            category=crumb.category,
            level=crumb.level,
            message=crumb.message[:BREADCRUMB_CHARACTERS] if crumb.message else None,
        )
        for crumb in event.breadcrumbs[-MAX_BREADCRUMBS:]
    )


def _user(event: Event) -> dict[str, Any]:
    user: dict[str, Any] = msgspec.to_builtins(event.user)
    bounded: dict[str, Any] = cut_to_size(user, MAX_USER_BYTES)
    return bounded
