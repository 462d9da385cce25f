"""
What people write about an error, in the two forms that SDKs send.

    user_report   {"event_id": …, "name": …, "email": …, "comments": …}
    feedback      an event with {"contexts": {"feedback": {"message": …, "contact_email": …}}}
"""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from mesher.errors import ProtocolError
from mesher.ids import parse_uuid
from mesher.protocol.json_text import load_json
from mesher.protocol.limits import (
    COMMENTS_CHARACTERS,
    EMAIL_CHARACTERS,
    NAME_CHARACTERS,
    URL_CHARACTERS,
)


class Feedback(NamedTuple):
    """What one person wrote."""

    event_id: uuid.UUID
    name: str
    email: str
    comments: str
    url: str


def read_user_report(payload: bytes, *, event_id: uuid.UUID | None = None) -> Feedback:
    """
    Read the older form.

    Args:
        payload: its JSON.
        event_id: the event it is about where the payload names none.

    Raises:
        ProtocolError: it is no JSON object, has no comments, or is about no event.
    """
    given = _object(load_json(payload, "the user report"))
    return _feedback(
        parse_uuid(given.get("event_id")) or event_id,
        given,
        {"name": "name", "email": "email", "comments": "comments", "url": "url"},
    )


def read_feedback(payload: bytes, *, event_id: uuid.UUID) -> Feedback:
    """
    Read the newer form.

    Args:
        payload: the JSON of the whole event.
        event_id: of the feedback itself, used where it is about no other event.

    Raises:
        ProtocolError: it is no JSON object, or has no message.
    """
    contexts = _object(_object(load_json(payload, "the feedback")).get("contexts"))
    given = _object(contexts.get("feedback"))
    return _feedback(
        parse_uuid(given.get("associated_event_id")) or event_id,
        given,
        {"name": "name", "email": "contact_email", "comments": "message", "url": "url"},
    )


def _feedback(event_id: uuid.UUID | None, given: dict[str, Any], names: dict[str, str]) -> Feedback:
    if event_id is None:
        raise ProtocolError("event_id is not a uuid", field="event_id")
    comments = _text(given.get(names["comments"]), COMMENTS_CHARACTERS)
    if not comments:
        raise ProtocolError("it says nothing", field=names["comments"])
    return Feedback(
        event_id=event_id,
        name=_text(given.get(names["name"]), NAME_CHARACTERS),
        email=_text(given.get(names["email"]), EMAIL_CHARACTERS),
        comments=comments,
        url=_text(given.get(names["url"]), URL_CHARACTERS),
    )


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ProtocolError("the feedback is not an object of the form that SDKs send")
    return value


def _text(value: Any, limit: tuple[int, int]) -> str:
    return value.replace("\0", "").strip()[: limit[0]] if isinstance(value, str) else ""
