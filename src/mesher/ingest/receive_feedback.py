"""Receive, for what people write about an error without an SDK around it; kept as an envelope."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import msgspec

from mesher.errors import ProtocolError
from mesher.ids import parse_uuid
from mesher.ingest.receive import Receiver
from mesher.ingest.submission import Submission
from mesher.protocol.auth import parse_dsn
from mesher.protocol.feedback import Feedback, read_user_report
from mesher.protocol.limits import MAX_SMALL_ITEM_BYTES

# The same for everyone: what it has to know stands in its own address.
ERROR_PAGE_SCRIPT = Path(__file__).with_name("error_page.js").read_bytes()


async def receive_user_report(receiver: Receiver, request: Submission) -> Feedback:
    """
    Take a report of the legacy feedback API, JSON with ``event_id``, ``name``, ``email``, ``comments``.

    Raises:
        AuthError, Unavailable: as ``Receiver.receive_envelope``.
        ProtocolError: names the field that does not fit.
    """
    _, key = await receiver.require_key(request)
    with receiver.counting(key, "feedback"):
        body = request.decoded_body(max_bytes=MAX_SMALL_ITEM_BYTES)
        report = read_user_report(body)
    header = {"event_id": report.event_id.hex}
    await receiver.receive_envelope(request.as_envelope(header, [({"type": "user_report"}, body)]))
    return report


async def receive_error_page(receiver: Receiver, request: Submission) -> None:
    """
    Check who asks for the dialog (GET), or take what was written in it (POST).

    Raises:
        as ``receive_user_report``.
    """
    asked = _form(request.query_string)
    dsn = parse_dsn(asked.get("dsn", ""))
    headers = {**request.headers, "x-sentry-auth": f"Sentry sentry_key={dsn.public_key}"}
    request = replace(request, headers=headers, project_number=dsn.project_number, query_string="")
    await receiver.require_key(request)
    event_id = parse_uuid(asked.get("eventId"))
    if event_id is None:
        raise ProtocolError("eventId is not a uuid", field="eventId")
    if request.method == "POST":
        body = request.decoded_body(max_bytes=MAX_SMALL_ITEM_BYTES)
        report = {**_form(body.decode("utf-8", "replace")), "event_id": event_id.hex}
        headers = {name: text for name, text in headers.items() if name != "content-encoding"}
        sent = replace(request, headers=headers, body=msgspec.json.encode(report))
        await receive_user_report(receiver, sent)


def _form(text: str) -> dict[str, str]:
    try:
        return {name: values[0] for name, values in parse_qs(text, max_num_fields=100).items()}
    except ValueError as error:
        raise ProtocolError("the form has more than 100 fields") from error
