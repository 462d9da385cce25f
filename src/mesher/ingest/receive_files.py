"""
Receive, for requests that are files rather than envelopes: they are kept as an envelope of the same
content, so that digest knows one form alone.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from mesher.errors import ProtocolError
from mesher.ids import parse_uuid
from mesher.ingest.receive import Receiver
from mesher.ingest.submission import Submission
from mesher.protocol.attachment import MINIDUMP_TYPE, VIEW_HIERARCHY_TYPE
from mesher.protocol.limits import MAX_ATTACHMENT_BYTES, MAX_ENVELOPE_BYTES
from mesher.protocol.minidump import (
    DUMP_PART,
    EVENT_PARTS,
    minidump_event,
    read_event_parts,
    unwrap_minidump,
)
from mesher.protocol.multipart import Part, parse_multipart

# What sentry-native calls the parts whose content is of a type of its own.
_TYPES_BY_NAME = {"view-hierarchy.json": VIEW_HIERARCHY_TYPE}

_Items = list[tuple[Mapping[str, Any], bytes]]


async def receive_attachments(receiver: Receiver, request: Submission) -> None:
    """
    Take files of an event that was or will be sent by itself (``POST …/events/{id}/attachments/``).

    Raises:
        ProtocolError (and children): no event id, or no form with at least one file.
        AuthError, Unavailable: as ``Receiver.receive_envelope``.
    """
    _, key = await receiver.require_key(request)
    with receiver.counting(key, "attachment"):
        event_id = parse_uuid(request.path_parts["event_id"])
        if event_id is None:
            raise ProtocolError("the path names no event id: 32 hex digits", field="event_id")
        # Cutting a form of many megabytes takes long enough for others to notice.
        parts = await asyncio.to_thread(_form_of, request)
        items = attachment_items(part for part in parts if part.filename is not None)
        if not items:
            raise ProtocolError(
                "the form has no file", hint="send each file as a part with a filename"
            )
    await receiver.receive_envelope(request.as_envelope({"event_id": event_id.hex}, items))


async def receive_minidump(receiver: Receiver, request: Submission) -> str:
    """
    Take the dump of a native program (``POST /api/{id}/minidump/``): a form, or the dump alone.

    Returns:
        The id of the event that is made of it.

    Raises:
        ProtocolError (and children): no minidump in it, or more than the limits allow.
        AuthError, Unavailable: as ``Receiver.receive_envelope``.
    """
    _, key = await receiver.require_key(request)
    with receiver.counting(key):
        event_id, items = await asyncio.to_thread(_read_minidump, request)
    await receiver.receive_envelope(request.as_envelope({"event_id": event_id}, items))
    return event_id


def _read_minidump(request: Submission) -> tuple[str, _Items]:
    if request.headers.get("content-type", "").startswith("multipart/"):
        parts = _form_of(request)
    else:
        body = request.decoded_body(max_bytes=MAX_ATTACHMENT_BYTES)
        parts = [Part(DUMP_PART, "upload.dmp", None, body)]
    dumps = [part for part in parts if part.name == DUMP_PART]
    dump = unwrap_minidump(dumps[0].data if dumps else b"")
    event = read_event_parts(parts)
    event_id = (parse_uuid(event.get("event_id")) or uuid.uuid4()).hex
    payload = msgspec.json.encode(minidump_event(event))
    files = [
        part
        for part in parts
        if part.filename is not None and part.name not in {DUMP_PART, *EVENT_PARTS}
    ]
    named = dumps[0]._replace(data=dump)
    return event_id, [
        ({"type": "event"}, payload),
        *attachment_items([named], MINIDUMP_TYPE),
        *attachment_items(files),
    ]


def attachment_items(files: Iterable[Part], attachment_type: str | None = None) -> _Items:
    """The envelope items of files, with their headers; without a type each has that of its name."""
    return [
        (
            {
                "type": "attachment",
                "filename": part.filename,
                "content_type": part.content_type,
                "attachment_type": attachment_type or _TYPES_BY_NAME.get(part.name),
            },
            part.data,
        )
        for part in files
    ]


def _form_of(request: Submission) -> list[Part]:
    body = request.decoded_body(max_bytes=MAX_ENVELOPE_BYTES)
    return parse_multipart(body, request.headers.get("content-type", ""))
