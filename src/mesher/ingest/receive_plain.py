"""
Receive, for the requests of clients that build no envelope: a check-in by URL, an event in a query,
and what other protocols send that is counted and not kept. All but the event are kept as envelopes.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qs

import msgspec

from mesher.errors import ProtocolError, RateLimited
from mesher.ingest.receive import Receiver
from mesher.ingest.submission import Submission
from mesher.protocol.check_in import read_check_in
from mesher.protocol.json_text import load_json
from mesher.protocol.limits import MAX_SMALL_ITEM_BYTES


async def receive_check_in(receiver: Receiver, request: Submission) -> None:
    """
    Take a check-in: its slug from the path, the rest from a JSON body or else from the query.

    A rate limit is kept from the client, as the protocol has it: what runs here is a job's last line.

    Raises:
        AuthError, Unavailable: as ``Receiver.receive_envelope``.
        ProtocolError: names the field that does not fit.
    """
    public_key = request.path_parts.get("key")
    if public_key:
        headers = {**request.headers, "x-sentry-auth": f"Sentry sentry_key={public_key}"}
        request = replace(request, headers=headers)
    _, key = await receiver.require_key(request)
    with receiver.counting(key, "monitor"):
        body = request.decoded_body(max_bytes=MAX_SMALL_ITEM_BYTES)
        given = load_json(body, "the check-in") if body.strip() else _fields(request.query_string)
        if not isinstance(given, dict):
            raise ProtocolError("the check-in is not a JSON object")
        payload = msgspec.json.encode({**given, "monitor_slug": request.path_parts["slug"]})
        read_check_in(payload)
    with suppress(RateLimited):
        await receiver.receive_envelope(request.as_envelope({}, [({"type": "check_in"}, payload)]))


async def receive_store_query(receiver: Receiver, request: Submission) -> None:
    """
    Take the event in ``sentry_data`` of a query (``GET /api/{id}/store/``).

    Raises:
        as ``Receiver.receive_store``.
    """
    data = _query(request.query_string).get("sentry_data", "")
    # An unescaped plus sign of base64 is read as a blank; JSON begins with a brace.
    text = data if data.lstrip().startswith("{") else data.replace(" ", "+")
    headers = {
        name: value
        for name, value in request.headers.items()
        if name not in {"content-encoding", "content-type"}
    }
    await receiver.receive_store(replace(request, headers=headers, body=text.encode()))


async def count_not_kept(receiver: Receiver, request: Submission, item_type: str) -> None:
    """
    Take note of a request of a kind that Mesher does not keep.

    Raises:
        AuthError, Unavailable: as ``Receiver.receive_envelope``.
    """
    await receiver.require_key(request)
    await receiver.receive_envelope(request.as_envelope({}, [({"type": item_type}, b"")]))


def _fields(query_string: str) -> dict[str, object]:
    fields: dict[str, object] = dict(_query(query_string))
    if isinstance(fields.get("duration"), str):
        with suppress(ValueError):
            fields["duration"] = float(str(fields["duration"]))
    return fields


def _query(query_string: str) -> dict[str, str]:
    try:
        found = parse_qs(query_string, max_num_fields=100)
    except ValueError as error:
        raise ProtocolError("the query has more than 100 parameters") from error
    return {name: values[0] for name, values in found.items()}
