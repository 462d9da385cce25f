"""The framing of envelopes, and that what is in an item never refuses its neighbours."""

from __future__ import annotations

import re

import httpx
import pytest

from acceptance.contract.table import (
    ANY_ID,
    EVENT,
    HYPHENATED_ID,
    ID,
    Row,
    at,
    envelope,
    row,
    table,
)
from mesher.protocol.outcomes import CARRIES_EVENT_ID

HEADER = b'{"event_id":"%s"}\n' % ID.encode()
OTHER_ID = "0123456789abcdef0123456789abcdef"
# All that SDKs send today or once sent, and one that nobody sends yet.
ITEM_TYPES = (
    "event", "transaction", "security", "raw_security", "feedback", "user_report", "attachment",
    "session", "sessions", "client_report", "check_in", "log", "trace_metric", "span", "profile",
    "profile_chunk", "replay_event", "replay_recording", "replay_video", "form_data",
    "metric_buckets", "statsd", "metric_meta", "otel_log", "nel", "unreal_report", "novelty",
)  # fmt: skip


def framed(promise: str, body: bytes, status: int = 200, answer: str | None = ID) -> Row:
    """``answer`` is the id that is answered; None: none is."""
    expected = ({"id": answer} if answer else {}) if status == 200 else None
    return row(promise, "POST", at("envelope"), status, expected, content=body)


TAKEN = [
    framed("a header and nothing else", b"{}", answer=None),
    framed("a header with a line break and nothing else", b"{}\n", answer=None),
    framed("items without a length (JavaScript)", HEADER + b'{"type":"event"}\n{}'),
    framed("a length that counts bytes", HEADER + '{"type":"event","length":4}\n"ö"\n'.encode()),
    framed("line breaks in a payload with a length", HEADER + b'{"type":"event","length":3}\n{\n}'),
    framed("a line break at the end", HEADER + b'{"type":"event","length":2}\n{}\n'),
    framed("empty lines between items", HEADER + b'\n\n{"type":"event"}\n{}\n\n{"type":"log"}\n{}'),
    framed("blanks around a header", b" " + HEADER + b' {"type":"event"} \n{}'),
    framed("carriage returns", b'{"event_id":"%s"}\r\n{"type":"event"}\r\n{}' % ID.encode()),
    framed("an item header at the very end, which is an empty payload", HEADER + b'{"type":"event"}'),
    framed("unknown keys in headers", b'{"a":[1]}\n{"type":"session","a":[1]}\n{}', answer=None),
    framed(
        "a Content-Type of an attachment that is null (Ruby)",
        HEADER + b'{"type":"attachment","length":1,"content_type":null,"filename":null}\na',
    ),
    framed("the header's id before the payload's", HEADER + b'{"type":"event"}\n{"event_id":"%s"}' % OTHER_ID.encode()),
    framed("the payload's id where the header has none", envelope(("event", b'{"event_id":"%s"}' % ID.encode()))),
    framed("an id with hyphens, answered without them", envelope(("event", EVENT), event_id=HYPHENATED_ID)),
    framed("an id in capitals", envelope(("event", EVENT), event_id=ID.upper())),
    framed("the same event again", envelope(("event", EVENT), event_id=ID)),
    framed("a time with nanoseconds (Go)", envelope(("event", EVENT), event_id=ID, sent_at="2026-11-24T12:00:00.123456789Z")),
    framed("event, attachment and session together", envelope(("event", EVENT), ("attachment", b"a"), ("session", b"{}"), event_id=ID)),
    framed("escaped slashes (PHP)", envelope(("event", b'{"message":"a\\/b"}'), event_id=ID)),
    framed("an event that is no JSON, which alone is dropped", envelope(("event", b"{"), ("session", b"{}"), event_id=ID)),
    framed("an event that is no object", envelope(("event", b"[]"), event_id=ID)),
    framed("nothing but unknown types", envelope(("novelty", b"?"), ("wonder", b"!")), answer=None),
]  # fmt: skip

REFUSED = [
    framed("an empty body", b"", 400),
    framed("an empty first line", b"\n{}\n", 400),
    framed("a header that is no JSON", b"hello\n", 400),
    framed("a header that is no object", b"[]\n", 400),
    framed("a header that is no UTF-8", b'{"event_id":"\xff"}\n', 400),
    framed("an item header that is no JSON", HEADER + b"event\n{}", 400),
    framed("an item header without a type", HEADER + b'{"length":2}\n{}', 400),
    framed("a length beyond the end", HEADER + b'{"type":"event","length":3}\n{}', 400),
    framed("a length before the end of the line", HEADER + b'{"type":"event","length":1}\n{}', 400),
    framed("a length below zero", HEADER + b'{"type":"event","length":-1}\n{}', 400),
    framed("a length that is no number", HEADER + b'{"type":"event","length":"2"}\n{}', 400),
]


@table(TAKEN)
def test_an_envelope_is_taken_with(client: httpx.Client, row: Row) -> None:
    row.check(client)


@table(REFUSED)
def test_an_envelope_is_refused_for(client: httpx.Client, row: Row) -> None:
    row.check(client)


@pytest.mark.parametrize("payload", [b"{}", b"?"], ids=["an object", "no JSON"])
@pytest.mark.parametrize("item_type", ITEM_TYPES)
def test_every_item_type_is_answered_200_whatever_it_holds(
    client: httpx.Client, item_type: str, payload: bytes
) -> None:
    answer = ANY_ID if item_type in CARRIES_EVENT_ID else re.compile(r"\{\}")
    sent = row("", "POST", at("envelope"), 200, answer, content=envelope((item_type, payload)))
    sent.check(client)
