"""Mesher's own event form, renamed to the payload that everything else reads."""

from __future__ import annotations

import pytest

from mesher.errors import ProtocolError
from mesher.protocol.native import sentry_payload


def test_a_native_event_is_read_like_any_other(read):
    native = (
        b'{"message":"disk full","user_context":{"id":"7"},"sdk_name":"backup.sh",'
        b'"sdk_version":"1.2","extra":{"free":0.5}}'
    )
    event = read(sentry_payload(native))
    assert event.logentry.formatted == "disk full"
    assert event.user.id == "7"
    assert (event.sdk.name, event.sdk.version) == ("backup.sh", "1.2")
    assert event.extra == {"free": 0.5}


def test_an_event_that_names_no_sdk_gets_none():
    assert sentry_payload(b'{"message":"m"}') == b'{"message":"m"}'


@pytest.mark.parametrize("native", [b"", b"[]", b'{"\xff":1}', b'{"a":' + b"[" * 100_000])
def test_what_is_no_object_is_refused(native):
    with pytest.raises(ProtocolError):
        sentry_payload(native)
