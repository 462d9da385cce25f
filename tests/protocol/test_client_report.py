"""What SDKs say they have dropped, brought into the ledger's words."""

from __future__ import annotations

import json

import pytest

from mesher.errors import ProtocolError
from mesher.protocol.client_report import (
    MAX_DISCARDED_ENTRIES,
    MAX_QUANTITY,
    read_client_report,
)


def entry(reason="before_send", category="error", quantity=1):
    return {"reason": reason, "category": category, "quantity": quantity}


def read(*entries, **more):
    return read_client_report(json.dumps({"discarded_events": list(entries), **more}).encode())


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (entry(), ("error", "before_send", 1)),
        (entry(category="log_byte", quantity=900), ("log_byte", "before_send", 900)),
        (entry(category="novelty"), ("default", "before_send", 1)),
        (entry(category=["error"]), ("default", "before_send", 1)),
        (entry(reason="a reason that we do not know"), ("error", "other", 1)),
        (entry(reason=None), ("error", "other", 1)),
        (entry(quantity=10**18), ("error", "before_send", MAX_QUANTITY)),
    ],
)
def test_what_we_do_not_know_is_counted_under_a_word_that_we_do(sent, found):
    assert read(sent) == [found]


@pytest.mark.parametrize(
    "sent",
    [entry(quantity=0), entry(quantity=-1), entry(quantity=1.5), entry(quantity=True), "x", None],
)
def test_an_entry_that_makes_no_sense_is_left_out_and_the_others_are_read(sent):
    assert read(sent, entry()) == [("error", "before_send", 1)]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("rate_limited_events", "ratelimit_backoff"),
        ("filtered_events", "before_send"),
        ("filtered_sampling_events", "sample_rate"),
    ],
)
def test_the_lists_of_older_sdks_are_read_too(name, reason):
    assert read(**{name: [{"category": "error", "quantity": 2}]}) == [("error", reason, 2)]


def test_no_more_is_read_than_an_sdk_would_send():
    assert len(read(*[entry()] * (MAX_DISCARDED_ENTRIES + 1))) == MAX_DISCARDED_ENTRIES


@pytest.mark.parametrize(
    "payload", [b'{"discarded_events":{}}', b'{"discarded_events":null}', b"{}"]
)
def test_a_report_may_say_nothing(payload):
    assert read_client_report(payload) == []


def test_a_report_with_half_a_surrogate_pair_is_read_like_any_other_payload():
    assert read_client_report(b'{"discarded_events":[{"quantity":1,"reason":"\\ud800"}]}') == [
        ("default", "other", 1)
    ]


@pytest.mark.parametrize("payload", [b"[]", b"{", b"", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_refused(payload):
    with pytest.raises(ProtocolError):
        read_client_report(payload)
