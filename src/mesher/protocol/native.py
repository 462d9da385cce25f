"""
Mesher's own event form (``POST /api/v1/events``) to the Sentry payload that ``normalize`` reads.

The two differ in few names, so the native form is renamed and takes the same path from there on:

    {"message": "disk full", "user_context": {"id": "7"}, "sdk_name": "backup.sh"}
    {"message": "disk full", "user": {"id": "7"}, "sdk": {"name": "backup.sh"}}
"""

from __future__ import annotations

import msgspec

from mesher.errors import ProtocolError

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_RENAMED = {"user_context": "user"}
_SDK = {"sdk_name": "name", "sdk_version": "version"}


def sentry_payload(native: bytes) -> bytes:
    """
    Rename the attributes of a native event.

    Args:
        native: the JSON of one ``types.EventPayload``, which receive has validated.

    Raises:
        ProtocolError: it is no JSON object.
    """
    try:
        given = _decode(native)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"the event is not a JSON object: {error}") from error
    payload = {_RENAMED.get(name, name): raw for name, raw in given.items() if name not in _SDK}
    sdk = {_SDK[name]: raw for name, raw in given.items() if name in _SDK}
    if sdk:
        payload["sdk"] = msgspec.Raw(msgspec.json.encode(sdk))
    return msgspec.json.encode(payload)
